/// Tables and lists of facts for people.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

namespace muster::cli {

/// Columns as wide as their widest cell, two spaces apart; numbers stand right. Cells are printed
/// as they are: whatever came from elsewhere must have gone through shown() before.
class Table {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// One cell for each column.
  void add(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }

  void print(std::ostream& out) const;

 private:
  void print_row(std::ostream& out, const std::vector<std::string>& cells,
                 const std::vector<std::size_t>& widths) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

using Fact = std::pair<std::string, std::string>;
/// "name:   value" lines, the values aligned.
void print_facts(std::ostream& out, const std::vector<Fact>& facts);

}  // namespace muster::cli
