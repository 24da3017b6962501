#include "commands.hpp"

namespace muster::cli {

void run_from_kafka(const Events&, Context&) {
  throw Failure(Exit::usage, "this muster was built without librdkafka: it cannot read a mirror");
}

}  // namespace muster::cli
