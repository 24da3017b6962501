/// `muster guard`: what the command line says, handed to member/agent.
#include "commands.hpp"
#include "text.hpp"
#include "version.hpp"

#include <agent/guard.hpp>
#include <agent/processes.hpp>

#include <ostream>

namespace muster::cli {
void run(const Guard& command, Context& context) {
  agent::GuardOptions options;
  options.spec.service = ServiceName(command.service);
  options.spec.instance = InstanceId(command.instance);
  options.spec.node = NodeName(command.node.empty() ? agent::host_name() : command.node);
  options.spec.patience = context.connection.timeout;
  options.spec.grace = command.grace;
  options.command = command.command;
  for (const ServerAddress& server : context.connection.servers)
    options.servers.push_back(server.text());
  options.client_name = std::string("muster guard ") + version;
  agent::GuardEnd end;
  try {
    end = agent::run_guard(std::move(options));
  } catch (const std::exception& error) {
    throw Failure(Exit::command_failed, error.what());
  }
  if (!end.allowed)
    throw Failure(
        Exit::try_later,
        (end.ran ? "the command was stopped: " : "the command does not run: ") + shown(end.words));
  if (!end.words.empty()) context.notes << "muster: " << shown(end.words) << '\n';
  throw PassedOn{end.code};
}

}  // namespace muster::cli
