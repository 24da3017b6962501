// Random stories of the registry: whatever happens, what is shown is what is so.
#include "scenario.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <sstream>

namespace muster::test {
namespace {

const std::vector<std::string> services{"pay", "mail"};
constexpr int ids = 7;

/// What a consumer could see of a service, but for words.
std::string seen(const ServiceResult& result) {
  std::ostringstream out;
  out << static_cast<int>(result.protected_for);
  for (const InstanceDescription& i : result.instances)
    out << " " << i.instance.value << ":" << i.incarnation << ":" << to_string(i.status)
        << i.handed_out << i.is_protected << i.degraded << i.info.port;
  for (const DepartedDescription& d : result.departed) out << " gone " << d.instance.value;
  return out.str();
}

class Walk {
 public:
  explicit Walk(std::uint32_t seed) : dice_(seed) {
    s_.before_step = [this](const core::Input& input, const core::Moment&) { note(input); };
    s_.on_step = [this](const core::Effects& effects) { judge(effects); };
  }

  void go(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      act();
      look();
    }
  }

 private:
  std::uint32_t roll(std::uint32_t sides) { return dice_() % sides; }
  std::string any_service() { return services[roll(2)]; }
  std::string any_id() { return "i" + std::to_string(roll(ids)); }
  FakeInstance* any_instance() {
    const std::string name = any_service() + "/" + any_id();
    return known_.contains(name) ? &s_.instance(name) : nullptr;
  }

  void act() {
    FakeInstance* i = any_instance();
    switch (roll(16)) {
      case 0:
      case 1:
      case 2:
        return serve();
      case 3:
        if (i != nullptr) i->beating = false;
        return;
      case 4:
        for (const std::string& name : known_) s_.instance(name).beating = false;
        return;  // a network breaks
      case 5:
      case 6:
        for (const std::string& name : known_) revive(s_.instance(name));
        return;
      case 7:
        if (i != nullptr) s_.deregister(*i);
        return;
      case 8:
        if (i != nullptr)
          s_.report(*i, roll(2) == 0 ? Status::healthy : Status::critical, "a check");
        return;
      case 9:
        if (i != nullptr)
          s_.request(SetMaintenance{ServiceName{i->service}, InstanceId{i->id}, roll(2) == 0, ""});
        return;
      case 10:
        s_.request(EndProtection{ServiceName{any_service()}, ""});
        return;
      case 11:
        s_.serve_node("n", {.incarnation = 0, .beating = roll(2) == 0});
        return;
      case 12:
        if (roll(4) == 0) {
          s_.restart();
          for (const std::string& name : known_) s_.instance(name).next_beat = s_.now();
        } else {
          s_.stall(Millis{roll(10'000)});
        }
        return;
      case 13:
        s_.twin();
        return;
      default:
        s_.advance(Millis{roll(4'000)});
    }
  }

  void serve() {
    const std::string service = any_service();
    const std::string id = any_id();
    RegisterAs as;
    as.incarnation = ++incarnations_;
    as.port = static_cast<std::uint16_t>(80 + roll(3));
    as.zone = roll(2) == 0 ? "north" : "";
    if (roll(5) == 0) {
      as.session_timeout = Millis{0};
      as.node = "n";
    }
    if (roll(2) == 0) as.tags = {"t" + std::to_string(roll(2))};
    known_.insert(service + "/" + id);
    s_.serve(service, id, as);
  }

  void revive(FakeInstance& i) {
    if (i.session_timeout == Millis{0} || i.fenced) return;
    i.beating = true;
    i.by_name = true;
    i.next_beat = s_.now();
  }

  /// Who asks to go may go.
  void note(const core::Input& input) {
    asked_.clear();
    const auto* request = std::get_if<Request>(&input.command);
    if (request == nullptr) return;
    if (const auto* gone = std::get_if<Deregister>(request))
      asked_ = gone->service.value + "/" + gone->instance.value;
    if (const auto* again = std::get_if<Register>(request))
      asked_ = again->service.value + "/" + again->instance.value;
  }

  /// Nobody goes who beats in time and lives by its own beats.
  void judge(const core::Effects& effects) {
    for (const auto& event : effects.events) {
      if (event->kind != EventKind::instance_removed) continue;
      const std::string name = event->service + "/" + event->instance;
      if (name == asked_ || !known_.contains(name)) continue;
      const FakeInstance& i = s_.instance(name);
      EXPECT_FALSE(i.beating && i.incarnation == event->incarnation && i.next_beat > s_.now())
          << name << " beat in time and was removed: " << event->detail;
    }
  }

  void look() {
    const auto view = s_.shard().view();
    for (const std::string& name : services) {
      const ServiceResult result = s_.look_up(name);
      const std::string now = seen(result);
      auto& [index, before] = last_[name];
      EXPECT_GE(result.index, index) << "an index never falls";
      if (now != before && result.known) {
        EXPECT_GT(result.index, index) << before << " -> " << now;
      }
      if (result.index == index) {
        EXPECT_EQ(now, before);
      }
      index = result.index;
      before = now;
      recount(*view, name);
      std::size_t good = 0;
      for (const InstanceDescription& i : result.instances)
        good += i.status == Status::healthy || i.status == Status::overloaded;
      EXPECT_GE(s_.handed_out(name).size(), good);
    }
  }

  static void recount(const core::View& view, const std::string& name) {
    const auto* found = view.services.find(name);
    if (found == nullptr) return;
    const core::ServiceView& service = **found;
    std::map<Status, std::uint32_t> by_status;
    std::uint32_t silent = 0;
    std::set<std::string> tags;
    service.instances.for_each([&](std::string_view, const core::InstanceView& i) {
      ++by_status[status_of(*i.record)];
      const bool counts = i.record->session_timeout > Millis{0} && !i.record->maintenance &&
                          i.record->ladder != Status::starting;
      silent += counts && is_silent(*i.record);
      tags.insert(i.record->info.tags.begin(), i.record->info.tags.end());
    });
    for (int s = 0; s < 8; ++s)
      EXPECT_EQ(service.counts.with(static_cast<Status>(s)), by_status[static_cast<Status>(s)]);
    EXPECT_EQ(service.counts.silent, silent);
    EXPECT_EQ(service.tags, std::vector<std::string>(tags.begin(), tags.end()));
    EXPECT_EQ(count_handed_out(service), handed_out(service).size());
  }

  std::mt19937 dice_;
  Scenario s_;
  std::set<std::string> known_;
  std::string asked_;
  Incarnation incarnations_ = 0;
  std::map<std::string, std::pair<std::uint64_t, std::string>> last_;
};

TEST(RegistryWalk, ShowsWhatIsSo) {
  for (std::uint32_t seed = 1; seed <= 60 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Walk(seed).go(250);
  }
}

}  // namespace
}  // namespace muster::test
