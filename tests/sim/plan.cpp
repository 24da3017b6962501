#include "plan.hpp"

#include "ambushes.hpp"
#include "dice.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>

namespace muster::sim {
namespace {

constexpr std::array<std::pair<Act, std::string_view>, 39> names{{
    {Act::start_member, "start_member"},
    {Act::cut, "cut"},
    {Act::herd, "herd"},
    {Act::mute, "mute"},
    {Act::deaf, "deaf"},
    {Act::part, "part"},
    {Act::pause_member, "pause_member"},
    {Act::stick_member, "stick_member"},
    {Act::kill_member, "kill_member"},
    {Act::leave, "leave"},
    {Act::crash, "crash"},
    {Act::stop, "stop"},
    {Act::pause_broker, "pause_broker"},
    {Act::pause_loop, "pause_loop"},
    {Act::leap, "leap"},
    {Act::jump_wall, "jump_wall"},
    {Act::stall_disk, "stall_disk"},
    {Act::fail_disk, "fail_disk"},
    {Act::fill_disk, "fill_disk"},
    {Act::create_topic, "create_topic"},
    {Act::grow_topic, "grow_topic"},
    {Act::delete_topic, "delete_topic"},
    {Act::expel, "expel"},
    {Act::delete_group, "delete_group"},
    {Act::alter_group, "alter_group"},
    {Act::alter_offsets, "alter_offsets"},
    {Act::rogue, "rogue"},
    {Act::ambush, "ambush"},
    {Act::brink, "brink"},
    {Act::start_server, "start_server"},
    {Act::cut_server, "cut_server"},
    {Act::part_server, "part_server"},
    {Act::pause_server, "pause_server"},
    {Act::kill_server, "kill_server"},
    {Act::leave_server, "leave_server"},
    {Act::rival, "rival"},
    {Act::hush, "hush"},
    {Act::maintain, "maintain"},
    {Act::end_protection, "end_protection"},
}};

/// Times around the session timeout are where the edges are.
Time draw_span(const Knobs& k, Dice& dice) {
  const Time s = k.session_ms * ms;
  switch (dice.below(6)) {
    case 0:
      return dice.between(1, 100 * ms);
    case 1:
      return s / 2;
    case 2:
      return s - 50 * ms;
    case 3:
      return s + 50 * ms;
    case 4:
      return dice.between(s, 5 * s);
    default:
      return dice.between(0, s);
  }
}

class Drawer {
 public:
  explicit Drawer(const Knobs& knobs) : k_(knobs) {}

  Plan draw() {
    const auto seed = static_cast<std::uint64_t>(k_.seed);
    for (std::int32_t m = 0; m < k_.members; ++m) {
      Dice dice(seed, "start", static_cast<std::uint64_t>(m));
      const Time at = dice.permille(800) ? dice.below(2'000 * ms) : dice.below(k_.duration_ms * ms);
      plan_.push_back({at, Act::start_member, m});
    }
    sprinkle(k_.cut, Act::cut);
    sprinkle(k_.herd, Act::herd);
    sprinkle(k_.mute, Act::mute);
    sprinkle(k_.deaf, Act::deaf);
    sprinkle(k_.part, Act::part);
    sprinkle(k_.pause_member, Act::pause_member);
    sprinkle(k_.stick_member, Act::stick_member);
    sprinkle(k_.kill_member, Act::kill_member);
    sprinkle(k_.leave, Act::leave);
    sprinkle(k_.crash, Act::crash);
    sprinkle(k_.stop, Act::stop);
    sprinkle(k_.pause_broker, Act::pause_broker);
    sprinkle(k_.pause_loop, Act::pause_loop);
    sprinkle(k_.leap, Act::leap);
    sprinkle(k_.jump_wall, Act::jump_wall);
    sprinkle(k_.stall_disk, Act::stall_disk);
    sprinkle(k_.fail_disk, Act::fail_disk);
    sprinkle(k_.fill_disk, Act::fill_disk);
    sprinkle(k_.topic_change, Act::grow_topic);
    sprinkle(k_.topic_change / 3, Act::delete_topic);
    sprinkle(k_.topic_change / 2, Act::create_topic);
    sprinkle(k_.expel, Act::expel);
    sprinkle(k_.delete_group, Act::delete_group);
    sprinkle(k_.alter_group, Act::alter_group);
    sprinkle(k_.alter_offsets, Act::alter_offsets);
    sprinkle(k_.rogue, Act::rogue);
    sprinkle(k_.ambush, Act::ambush);
    sprinkle(k_.brink, Act::brink);
    if (k_.servers + k_.agents > 0) draw_servers(seed);
    std::stable_sort(plan_.begin(), plan_.end(),
                     [](const Action& a, const Action& b) { return a.at < b.at; });
    return std::move(plan_);
  }

 private:
  void sprinkle(std::int64_t in_a_thousand_seconds, Act act) {
    if (in_a_thousand_seconds <= 0) return;
    Dice dice(static_cast<std::uint64_t>(k_.seed), to_string(act));
    const Time mean = 1'000'000 * ms / in_a_thousand_seconds;
    for (Time at = dice.below(2 * mean); at < k_.duration_ms * ms; at += 1 + dice.below(2 * mean))
      plan_.push_back(drawn(at, act, dice));
  }

  void draw_servers(std::uint64_t seed) {
    for (std::int32_t n = 0; n < k_.servers + k_.agents; ++n) {
      Dice dice(seed, "start server", static_cast<std::uint64_t>(n));
      const Time at = dice.permille(800) ? dice.below(2'000 * ms) : dice.below(k_.duration_ms * ms);
      plan_.push_back({at, Act::start_server, n});
    }
    sprinkle(k_.server_cut, Act::cut_server);
    sprinkle(k_.server_part, Act::part_server);
    sprinkle(k_.server_pause, Act::pause_server);
    sprinkle(k_.server_kill, Act::kill_server);
    sprinkle(k_.server_leave, Act::leave_server);
    sprinkle(k_.rival, Act::rival);
    sprinkle(k_.hush, Act::hush);
    sprinkle(k_.maintain, Act::maintain);
    sprinkle(k_.end_protection, Act::end_protection);
  }

  Action drawn_of_server(Time at, Act act, Dice& dice) {
    Action action{at, act, static_cast<std::int32_t>(dice.below(k_.servers + k_.agents))};
    switch (act) {
      case Act::cut_server:
        action.a = dice.half() ? 0 : draw_span(k_, dice);
        break;
      case Act::kill_server:
      case Act::leave_server:
        action.a = dice.permille(800) ? 1 + draw_span(k_, dice) : 0;
        break;
      case Act::part_server:
        action.b = dice.below(3);
        action.a = draw_span(k_, dice);
        break;
      case Act::hush:
        action.a = dice.below(3) == 0 ? 14 * k_.session_ms * ms : draw_span(k_, dice);
        action.b = dice.half();
        break;
      case Act::rival:
        break;
      default:
        action.a = draw_span(k_, dice);
        action.b = dice.half();
    }
    return action;
  }

  Action drawn(Time at, Act act, Dice& dice) {
    if (act >= Act::start_server) return drawn_of_server(at, act, dice);
    Action action{at, act, static_cast<std::int32_t>(dice.below(k_.members))};
    const Time down = dice.between(1 * ms, k_.boot_ms * ms);
    switch (act) {
      case Act::cut:
        action.a = dice.half() ? 0 : draw_span(k_, dice);
        break;
      case Act::kill_member:
      case Act::leave:
        action.a = dice.permille(800) ? 1 + draw_span(k_, dice) : 0;
        break;
      case Act::crash:
      case Act::fail_disk:
        action.a = down;
        action.b = dice.between(0, 1'000);
        break;
      case Act::stop:
        action.a = down;
        break;
      case Act::pause_broker:
        action.a = draw_span(k_, dice);
        action.b = dice.half();
        break;
      case Act::pause_loop:
        action.who = static_cast<std::int32_t>(dice.below(k_.loops));
        action.a = draw_span(k_, dice);
        break;
      case Act::leap:
        // Less than what is credited would be drift, beyond all bounds.
        action.a = dice.half() ? 100 * ms + draw_span(k_, dice) : 3'600'000 * ms;
        break;
      case Act::jump_wall: {
        constexpr std::array<std::int64_t, 4> far{1'000, 3'600'000, 315'360'000'000, 86'400'000};
        action.a = far[static_cast<std::size_t>(dice.below(4))] * (dice.half() ? 1 : -1);
        break;
      }
      case Act::stall_disk:
        action.a = dice.half() ? dice.between(0, 1'000 * ms) : draw_span(k_, dice);
        break;
      case Act::create_topic:
      case Act::grow_topic:
      case Act::delete_topic:
        action.who = static_cast<std::int32_t>(dice.below(k_.topics));
        action.a = dice.between(1, 2 * k_.partitions);
        break;
      case Act::delete_group:
      case Act::alter_group:
      case Act::alter_offsets:
        action.who = static_cast<std::int32_t>(dice.below(k_.groups));
        action.a = dice.below(1'000);
        action.b = dice.half() ? 0 : dice.below(3'000);
        break;
      case Act::rogue:
        action.a = dice.below(1'000);
        break;
      case Act::ambush:
        action.who = static_cast<std::int32_t>(dice.below(baits));
        action.b = dice.below(traps);
        action.a = draw_trap(static_cast<Trap>(action.b), dice);
        break;
      case Act::brink:
        action.a = dice.below(150 * ms);
        action.b = dice.below(50 * ms);
        break;
      default:
        action.a = draw_span(k_, dice);
    }
    return action;
  }

  /// As long as it takes to be missed, but not expelled; and to be expelled for not releasing.
  Time draw_trap(Trap trap, Dice& dice) const {
    const Time s = k_.session_ms * ms;
    if (trap == Trap::crash) return dice.between(1 * ms, k_.boot_ms * ms);
    if (trap == Trap::cut_and_apart) return dice.between(s / 2, s);
    if (trap == Trap::cut_and_hold) return dice.between(s / 5 * 4, s);
    if (trap == Trap::cut_and_stall && dice.half())
      return k_.rebalance_ms * ms + s / 3 + dice.below(1'000 * ms);
    return draw_span(k_, dice);
  }

  Knobs k_;
  Plan plan_;
};

[[noreturn]] void complain(const std::string& line) {
  throw std::runtime_error("a case has a line that makes no sense: " + line);
}

}  // namespace

std::string_view to_string(Act act) {
  for (const auto& [value, name] : names)
    if (value == act) return name;
  return "unknown";
}

std::optional<Act> act_of(std::string_view name) {
  for (const auto& [value, text] : names)
    if (text == name) return value;
  return std::nullopt;
}

Plan draw_plan(const Knobs& knobs) {
  return Drawer(knobs).draw();
}

Case draw_case(std::uint64_t seed) {
  Case story;
  story.knobs = draw_knobs(seed);
  story.plan = draw_plan(story.knobs);
  return story;
}

std::string text_of(const Case& story) {
  std::ostringstream out;
  std::istringstream note(story.note);
  for (std::string line; std::getline(note, line);) out << "# " << line << "\n";
  if (!story.expect.empty()) out << "broke " << story.expect << "\n";
  std::istringstream knobs(text_of(story.knobs));
  for (std::string knob; knobs >> knob;) out << "knob " << knob << "\n";
  for (const Action& action : story.plan)
    out << "at " << action.at << " " << to_string(action.act) << " " << action.who << " "
        << action.a << " " << action.b << "\n";
  return out.str();
}

Case read_case(const std::string& text) {
  Case story;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string word;
    if (!(words >> word)) continue;
    if (word == "#") {
      story.note += line.substr(std::min<std::size_t>(2, line.size())) + "\n";
    } else if (word == "broke") {
      words >> story.expect;
    } else if (word == "knob") {
      words >> word;
      const auto equals = word.find('=');
      const KnobName* knob =
          equals == std::string::npos ? nullptr : find_knob(word.substr(0, equals));
      if (knob == nullptr) complain(line);
      story.knobs.*knob->field = std::stoll(word.substr(equals + 1));
    } else if (word == "at") {
      Action action;
      if (!(words >> action.at >> word >> action.who >> action.a >> action.b)) complain(line);
      const auto act = act_of(word);
      if (!act) complain(line);
      action.act = *act;
      story.plan.push_back(action);
    } else {
      complain(line);
    }
  }
  return story;
}

}  // namespace muster::sim
