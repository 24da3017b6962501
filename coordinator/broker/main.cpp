/// musterd: parses its command line, builds the broker, runs it, stops it.
#include "broker.hpp"
#include "config.hpp"
#include "http/openapi.hpp"
#include "log.hpp"
#include "notify.hpp"
#include "recorder/replay_command.hpp"
#include "signals.hpp"
#include "store_commands.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace {

using namespace muster;
using namespace muster::broker;

const char* lookup(const char* name) {
  return std::getenv(name);
}

struct CommandLine {
  std::string config_file;
  std::map<std::string, std::string> values;  // by setting
  std::string from;
  std::string to;
  recorder::ReplayWish replay;

  [[nodiscard]] std::vector<NamedValue> flags() const {
    std::vector<NamedValue> out;
    for (const auto& [name, value] : values) {
      if (!value.empty()) out.push_back({name, value});
    }
    return out;
  }
};

std::string help_of(const Setting& setting) {
  std::string out{setting.help};
  if (!setting.fallback.empty()) out += " Default " + std::string{setting.fallback} + ".";
  const std::string range = range_text(setting);
  if (!range.empty()) out += " Range " + range + ".";
  return out + " [" + environment_name(setting) + "]";
}

void add_settings(CLI::App& app, CommandLine& line) {
  app.add_option("--config", line.config_file, "TOML file with settings. [MUSTER_CONFIG]");
  for (const Setting& setting : settings()) {
    const std::string name{setting.name};
    std::string& value = line.values[name];
    if (setting.kind == Setting::Kind::list) {
      const auto add = [&value](const std::vector<std::string>& parts) {
        for (const std::string& part : parts) value += part + "\n";
      };
      app.add_option_function<std::vector<std::string>>("--" + name, add, help_of(setting))
          ->allow_extra_args(false)
          ->group("Settings");
    } else if (setting.kind == Setting::Kind::truth) {
      app.add_flag("--" + name, value, help_of(setting))->group("Settings");
    } else {
      app.add_option("--" + name, value, help_of(setting))->group("Settings");
    }
  }
}

Config read_config(const CommandLine& line) {
  const char* const from_environment = lookup("MUSTER_CONFIG");
  const std::string file = !line.config_file.empty()     ? line.config_file
                           : from_environment != nullptr ? from_environment
                                                         : "";
  const std::vector<NamedValue> flags = line.flags();
  return make_config(file, &lookup, flags);
}

/// Nothing may be sent after a failed write, so the process ends here and now; the next start is
/// the recovery.
[[noreturn]] void die_of_the_store(const std::string& why) {
  log::error(why + "; the broker ends, its next start is the recovery");
  ::_exit(static_cast<int>(ExitCode::store_failed));
}

log::Level next_level(const CommandLine& line) {
  const bool has_file = !line.config_file.empty() || lookup("MUSTER_CONFIG") != nullptr;
  if (has_file) return read_config(line).log_level;
  return log::level() == log::Level::debug ? log::Level::info : log::Level::debug;
}

ExitCode run(const CommandLine& line) {
  try {
    const Config config = read_config(line);
    log::configure(config.log_level, config.log_format);
    block_signals();
    const Notifier notifier(&lookup);
    Broker broker(config, MUSTER_VERSION, &die_of_the_store);
    broker.start();
    notifier.send("READY=1\nSTATUS=native door on " + broker.native_address());
    serve(broker, notifier, [&line] { return next_level(line); });
    notifier.send("STOPPING=1");
    log::info("stopping");
    broker.stop();
    log::info("stopped");
    return ExitCode::ok;
  } catch (const std::exception& error) {
    std::cerr << "musterd: " << error.what() << "\n";
    return ExitCode::failed;
  }
}

struct Commands {
  CLI::App* check;
  CLI::App* backup;
  CLI::App* restore;
  CLI::App* replay;
  CLI::App* reference;
  CLI::App* openapi;
};

CLI::App* add_replay(CLI::App& app, recorder::ReplayWish& wish) {
  auto* const replay = app.add_subcommand(
      "replay", "Runs what the flight recorder kept (--record) through the core, and prints it.");
  replay->add_option("FILE", wish.file, "The recording; a live broker's may be read, too.")
      ->required();
  replay->add_option("--group", wish.group, "Only what concerns this group.");
  replay->add_option("--epoch", wish.epoch, "With --group: why it came to this epoch, and how.");
  replay->add_option("--from", wish.from, "Prints from this time on, UTC: 2026-11-21T12:03:07Z.");
  replay->add_option("--until", wish.until, "Stops at this time.");
  replay->add_flag("--all", wish.all, "Inputs without effects, heartbeats among them, too.");
  replay->add_flag("--state", wish.state, "At the end, who is there and owns how much.");
  return replay;
}

Commands add_commands(CLI::App& app, CommandLine& line) {
  auto* const store = app.add_subcommand("store", "Looks after the store of a stopped broker.");
  store->require_subcommand(1);
  Commands commands{};
  commands.check =
      store->add_subcommand("check", "Reads every record and says whether all is sound.");
  commands.check->add_option("--data", line.from, "The store's folder.")->required();
  commands.backup = store->add_subcommand("backup", "Copies a store into a new folder.");
  commands.backup->add_option("--data", line.from, "The store's folder.")->required();
  commands.backup->add_option("--to", line.to, "The new folder.")->required();
  commands.restore = store->add_subcommand(
      "restore",
      "Makes a new store from a backup; its terms and epochs lie above all that were given out.");
  commands.restore->add_option("--from", line.from, "The backup's folder.")->required();
  commands.restore->add_option("--data", line.to, "The new store's folder.")->required();
  commands.replay = add_replay(app, line.replay);
  commands.reference = app.add_subcommand("config-reference", "Prints docs/configuration.md.");
  commands.openapi = app.add_subcommand("openapi", "Prints docs/openapi.json.");
  return commands;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "musterd, the broker of muster. Exit codes: 0 ended well, 1 could not start, 64 wrong "
      "usage, 75 a write to the store failed (start it again).",
      "musterd"};
  CommandLine line;
  app.set_version_flag("--version", "musterd " MUSTER_VERSION);
  add_settings(app, line);
  const Commands commands = add_commands(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == 0;
    app.exit(error, asked ? std::cout : std::cerr);
    return static_cast<int>(asked ? ExitCode::ok : ExitCode::usage);
  }
  ExitCode code = ExitCode::ok;
  if (commands.check->parsed()) {
    code = check_store(line.from);
  } else if (commands.backup->parsed()) {
    code = backup_store(line.from, line.to);
  } else if (commands.restore->parsed()) {
    code = restore_store(line.from, line.to);
  } else if (commands.replay->parsed()) {
    code = recorder::replay(line.replay, MUSTER_VERSION);
  } else if (commands.reference->parsed()) {
    std::cout << configuration_reference();
  } else if (commands.openapi->parsed()) {
    std::cout << http::openapi_document(MUSTER_VERSION);
  } else {
    code = run(line);
  }
  return static_cast<int>(code);
}
