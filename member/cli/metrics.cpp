/// `muster metrics`: what the broker counts.
#include "client.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "samples.hpp"
#include "text.hpp"

#include <ostream>

namespace muster::cli {

void run(const MetricsShow& command, Context& context) {
  Client client(context.connection);
  const auto metrics = client.ask<Metrics>(Query{ReadMetrics{}});
  if (context.json)
    context.out << json(parse_samples(metrics.text, command.prefix)) << '\n';
  else
    context.out << shown_lines(select_lines(metrics.text, command.prefix));
}

}  // namespace muster::cli
