#include <gtest/gtest.h>
#include <table.hpp>

#include <sstream>

namespace muster::cli {
namespace {

std::string printed(const Table& table) {
  std::ostringstream out;
  table.print(out);
  return out.str();
}

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  Table table({{"GROUP"}, {"MEMBERS", Table::Align::right}, {"STATE"}});
  table.add({"billing", "12", "stable"});
  table.add({"größe", "1", "-"});

  EXPECT_EQ(printed(table),
            "GROUP    MEMBERS  STATE\n"
            "billing       12  stable\n"
            "größe          1  -\n");
}

TEST(Table, WithoutRowsOnlyTheTitlesArePrinted) {
  EXPECT_EQ(printed(Table({{"TOPIC"}, {"ID"}})), "TOPIC  ID\n");
}

TEST(Table, LinesEndWithoutBlanks) {
  Table table({{"A"}, {"LONG TITLE"}});
  table.add({"x", ""});

  EXPECT_EQ(printed(table), "A  LONG TITLE\nx\n");
}

TEST(Table, FactsAreAligned) {
  std::ostringstream out;
  print_facts(out, {{"group", "g"}, {"assignment epoch", "3"}});

  EXPECT_EQ(out.str(), "group:             g\nassignment epoch:  3\n");
}

}  // namespace
}  // namespace muster::cli
