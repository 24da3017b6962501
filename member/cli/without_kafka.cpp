#include "commands.hpp"

namespace muster::cli {

void run_from_kafka(const Events&, Context&) {
  throw Failure(Exit::usage, "this muster was built without librdkafka: it cannot read a mirror");
}

void run(const TopicsFollow&, Context&) {
  throw Failure(Exit::usage, "this muster was built without librdkafka: it cannot follow a topic");
}

}  // namespace muster::cli
