/// `muster events --from-kafka`: the mirror read back, without the broker.
#include "commands.hpp"
#include "event_from_json.hpp"
#include "event_line.hpp"
#include "json.hpp"
#include "kafka_reader.hpp"
#include "mirror_check.hpp"
#include "story.hpp"
#include "table.hpp"
#include "text.hpp"

#include <deque>
#include <ostream>
#include <stdexcept>

namespace muster::cli {
namespace {

class MirrorReader {
 public:
  MirrorReader(const Events& command, Context& context) : command_(command), context_(context) {}

  void run() {
    KafkaReader kafka(target(), properties(), context_.connection.timeout);
    kafka.read(command_.follow, [this](std::string_view value) { return take(value); });
    for (const std::string& line : last_) context_.out << line << '\n';
    if (command_.owners) print_owners();
    report();
  }

 private:
  [[nodiscard]] wire::KafkaTarget target() const {
    try {
      return wire::parse_kafka_target(command_.from_kafka);
    } catch (const std::runtime_error& error) {
      throw Failure(Exit::usage, error.what());
    }
  }

  [[nodiscard]] std::vector<wire::KafkaProperty> properties() const {
    try {
      return wire::kafka_properties(command_.kafka_config, command_.kafka_properties);
    } catch (const std::runtime_error& error) {
      throw Failure(Exit::usage, error.what());
    }
  }

  /// Gives whether it wants more.
  bool take(std::string_view value) {
    const auto mirrored = event_from_json(value, names_);
    if (!mirrored) {
      ++strangers_;
      return true;
    }
    if (!check_.take(mirrored->store_uuid, mirrored->event)) {
      ++repeats_;
      return true;
    }
    const bool wanted = (!command_.group || mirrored->event.group == *command_.group) &&
                        (command_.until.empty() || mirrored->at <= command_.until);
    if (!wanted) return true;
    if (command_.owners) {
      story_.apply(mirrored->event);
      return true;
    }
    print(*mirrored);
    return command_.limit == 0 || printed_ < command_.limit;
  }

  void print(const MirroredEvent& mirrored) {
    const std::string line = context_.json ? json(mirrored.event, mirrored.store_uuid, names_)
                                           : event_line(mirrored.event, names_, wall_now());
    ++printed_;
    if (command_.last) {
      last_.push_back(line);
      if (last_.size() > *command_.last) last_.pop_front();
      return;
    }
    context_.out << line << '\n';
    if (command_.follow) context_.out.flush();
    if (!context_.out) throw Failure(Exit::output_failed, "the output could not be written");
  }

  void print_owners() {
    if (context_.json) {
      context_.out << json(story_, names_) << '\n';
      return;
    }
    Table table({{"GROUP"},
                 {"TOPIC"},
                 {"PARTITION", Table::Align::right},
                 {"OWNER"},
                 {"TOKEN"},
                 {"STATE"}});
    for (const auto& [group, members] : story_.groups())
      for (const auto& [id, member] : members)
        for (const auto& [partition, held] : member.partitions) {
          const std::string name = names_.find(partition.topic);
          table.add({shown(group), name.empty() ? hex(partition.topic) : shown(name),
                     std::to_string(partition.partition), shown(id), std::to_string(held.token),
                     held.revoking ? "revoking" : "owned"});
        }
    table.print(context_.out);
  }

  void report() {
    if (repeats_ > 0) context_.notes << "muster: " << count_of(repeats_, "repeat") << " left out\n";
    if (strangers_ > 0)
      context_.notes << "muster: " << count_of(strangers_, "message")
                     << " left out that this program does not know\n";
    for (const std::string& odd : story_.contradictions())
      context_.notes << "muster: " << odd << '\n';
    const auto gaps = check_.gaps();
    for (const MirrorCheck::Gap& gap : gaps)
      context_.notes << "muster: missing: events " << gap.first << '-' << gap.last << " of shard "
                     << gap.shard << " of store " << shown(gap.store_uuid) << '\n';
    const bool cut = command_.limit != 0 && printed_ >= command_.limit;
    if (!cut && (!gaps.empty() || !story_.contradictions().empty()))
      throw Failure(Exit::refused, "the mirror does not tell the whole story");
  }

  const Events& command_;
  Context& context_;
  TopicNames names_;
  MirrorCheck check_;
  Story story_;
  std::deque<std::string> last_;
  std::uint64_t printed_ = 0;
  std::uint64_t repeats_ = 0;
  std::uint64_t strangers_ = 0;
};

}  // namespace

void run_from_kafka(const Events& command, Context& context) {
  MirrorReader(command, context).run();
}

}  // namespace muster::cli
