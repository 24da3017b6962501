#include "table.hpp"

#include "text.hpp"

#include <algorithm>
#include <ostream>

namespace muster::cli {

void Table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

void Table::print(std::ostream& out) const {
  std::vector<std::string> titles;
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    titles.push_back(columns_[c].title);
    std::size_t widest = width(columns_[c].title);
    for (const auto& row : rows_) widest = std::max(widest, width(row[c]));
    widths.push_back(widest);
  }
  print_row(out, titles, widths);
  for (const auto& row : rows_) print_row(out, row, widths);
}

void Table::print_row(std::ostream& out, const std::vector<std::string>& cells,
                      const std::vector<std::size_t>& widths) const {
  std::string line;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    const std::string blanks(widths[c] - width(cells[c]), ' ');
    if (c > 0) line += "  ";
    line += columns_[c].align == Align::right ? blanks + cells[c] : cells[c] + blanks;
  }
  line.resize(line.find_last_not_of(' ') + 1);
  out << line << '\n';
}

void print_facts(std::ostream& out, const std::vector<Fact>& facts) {
  std::size_t widest = 0;
  for (const auto& [name, value] : facts) widest = std::max(widest, width(name));
  for (const auto& [name, value] : facts)
    out << name << ":" << std::string(widest - width(name) + 2, ' ') << value << '\n';
}

}  // namespace muster::cli
