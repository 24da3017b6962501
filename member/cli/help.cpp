#include "help.hpp"

#include <algorithm>
#include <array>

namespace muster::cli {
namespace {

struct Entry {
  std::string_view command;
  std::string_view text;
};

constexpr std::array entries{
    Entry{"topics create", R"(Examples:
  muster topics create orders --partitions 64
  muster topics create orders --partitions 64 --if-not-exists)"},
    Entry{"topics list", R"(Examples:
  muster topics list
  muster topics list --prefix billing. --json | jq -r '.topics[].topic')"},
    Entry{"topics grow",
          R"(A topic never loses partitions. The groups that subscribe to it are rebalanced.

Example:
  muster topics grow orders --partitions 128)"},
    Entry{
        "topics follow",
        R"(Declares the topic with the number of partitions that Kafka's topic has, and raises it when that
grows; it goes on until it is interrupted. Run it beside the broker, as a service of its own: several
do no harm, and while none runs the topic stays as it is.

Examples:
  muster topics follow orders --kafka localhost:9092
  muster topics follow orders --kafka kafka-1:9093 --kafka-config /etc/muster/kafka --once)"},
    Entry{
        "topics delete",
        R"(The groups that subscribe to the topic are rebalanced; its committed offsets go with it.
A topic of the same name that is created later is another topic.)"},
    Entry{"groups describe", R"(Examples:
  muster groups describe archive
  muster groups describe archive --partitions      one line per partition, with its token
  muster groups describe archive --json | jq '.members[] | {member, status}')"},
    Entry{
        "groups offsets",
        R"(PARTITIONS is TOPIC, or TOPIC:RANGES as in orders:0-15,20. With PARTITIONS, those without a
committed offset are listed too.

Examples:
  muster groups offsets archive
  muster groups offsets archive orders:0-15,20)"},
    Entry{
        "groups why",
        R"(Every epoch of a group keeps its reason, who caused it, what moved from whom to whom, and how
long each phase took. The newest comes first.

Examples:
  muster groups why archive
  muster groups why archive --last 3
  muster groups why archive --epoch 12             with the list of its moves)"},
    Entry{"groups alter", R"(Example:
  muster groups alter archive --assignor range --first-assignment-delay 3s)"},
    Entry{"groups delete",
          R"(The group must have no members. Its committed offsets and its history go with it.)"},
    Entry{
        "offsets set",
        R"(Only of a group without members. PARTITION=OFFSET is TOPIC:RANGES=OFFSET, or TOPIC=OFFSET for
all of the topic's partitions. All of them are set, or none.

Examples:
  muster offsets set archive orders:0-15,20=0
  muster offsets set archive orders=0 users:3=1200)"},
    Entry{"offsets delete", R"(Only of a group without members.

Example:
  muster offsets delete archive orders:0-15 users)"},
    Entry{"members expel",
          R"(The member is told, its work goes to others at once, and its late commits are refused.

Example:
  muster members expel archive worker-3 --why "host is being replaced")"},
    Entry{
        "services lookup",
        R"(One ADDRESS:PORT a line. Ends with 1 if nobody is to be handed out, and with 3 while the broker,
which has just started, is not sure.

Examples:
  muster services lookup payments
  curl "http://$(muster services lookup payments --zone north | head -n 1)/")"},
    Entry{
        "services register",
        R"(The instance has to beat from then on, every third of its session timeout: see services heartbeat.

Examples:
  muster services register payments --address 10.0.0.9 --port 8443 --tag v2 --meta env=prod
  muster services register payments --address 10.0.0.9 --port 8443 --check http:/health --check tcp:9000@1s
  muster services register payments --address 10.0.0.9 --node host-9 --session-timeout 0s)"},
    Entry{
        "services explain",
        R"(What its own heartbeats say, what is reported of it, what its checks find, and the newest edges
that the broker still keeps.

Example:
  muster services explain payments pay-1)"},
    Entry{"services heartbeat", R"(Examples:
  muster services heartbeat payments pay-1
  muster services heartbeat payments pay-1 --status critical --detail "no database")"},
    Entry{
        "agent",
        R"(One agent a host, as a service of its own or as the first process of a container. The file is
TOML; docs/agent.md is its reference. SIGHUP reads it again, SIGTERM drains and stops everything;
said twice it waits for nobody. While the broker is away everything goes on.

Examples:
  muster agent --config /etc/muster/agent.toml
  muster agent status
  muster agent restart web
  muster agent run --service web --port 8080 --http /health -- ./server --port 8080)"},
    Entry{
        "agent run",
        R"(Starts COMMAND, registers it once its checks are well, beats while they are, restarts it when it
ends or hangs, and deregisters it before it is stopped. Without a check it is well while it runs.
COMMAND finds in its environment:
  MUSTER_SERVICE, MUSTER_INSTANCE, MUSTER_NODE, MUSTER_SERVER
  MUSTER_INCARNATION  a number that is higher with each start
SIGHUP, SIGUSR1 and SIGUSR2 are passed on to it; SIGTERM and SIGINT drain and stop it. It ends with
COMMAND's own exit code once that has ended for good: by its policy, at its budget, or stopped.

Examples:
  muster agent run --service web --port 8080 --http /health -- ./server --port 8080
  muster agent run --service queue --check 'test -e /run/queue.ok' --restart always -- ./worker)"},
    Entry{"agent status", R"(Examples:
  muster agent status
  muster agent status --json | jq -r '.services[] | select(.phase == "crash_loop") | .instance')"},
    Entry{
        "agent restart",
        R"(It is drained first, and everything of it is stopped before it is started again. Its restarts are
counted anew, so this ends a crash loop. At most once a second for each instance.

Example:
  muster agent restart web)"},
    Entry{
        "guard",
        R"(Made for cron lines. It asks the broker, runs COMMAND if this host's instance of the service is
healthy, and ends it with everything that it has started as soon as that is neither healthy nor
overloaded, is another incarnation, or the broker could not be asked for a session timeout. Then,
and where it does not run at all, it ends with 75 (try later); else with COMMAND's own exit code.
COMMAND finds MUSTER_SERVICE, MUSTER_INSTANCE, MUSTER_INCARNATION and MUSTER_NODE in its environment.
--timeout is how long it waits for the broker's first word.

Example, in a crontab:
  */5 * * * * muster guard --service billing -- /usr/local/bin/send-invoices)"},
    Entry{"health", R"(Examples:
  muster health                        the broker answers
  muster health payments               somebody of the service is handed out
  muster health payments pay-1         this instance is)"},
    Entry{
        "events",
        R"(Without --follow: what the broker still keeps, then it ends. With --follow: that, and what
happens from now on; when the broker goes away it waits for its return and goes on where it was.
--after names positions as SHARD:NUMBER, two fields of each event in the --json output.

Examples:
  muster events --group archive
  muster events --follow --last 0
  muster events --from-kafka kafka://localhost:9092/muster.events --group archive
  muster events --from-kafka kafka://localhost:9092/muster.events --owners
  muster events --json --after 0:120,3:7 | jq -c 'select(.kind == "member_expelled")')"},
    Entry{"metrics", R"(Prometheus' text format, or the same samples with --json.

Example:
  muster metrics --prefix muster_host)"},
    Entry{"top", R"(Examples:
  muster top
  muster top --interval 5s --rounds 12 --json >> overview.jsonl)"},
    Entry{
        "join",
        R"(Without COMMAND each change of the assignment is printed. With COMMAND it is run once for each
change, with the change as JSON on its standard input and in its environment:
  MUSTER_GROUP, MUSTER_MEMBER
  MUSTER_OWNED      what the member owns now, as in "orders:0-15,20 users:3"
  MUSTER_ASSIGNED   what has just come
  MUSTER_REVOKED    what must be given up: others get it when COMMAND has returned
  MUSTER_LOST       what is gone already
A value of 64 KiB or more is not put into the environment; standard input always has all of it.
If COMMAND runs longer than --max-poll-interval, the member makes no progress and is expelled as a
zombie. If COMMAND fails, the member leaves and muster ends with 5. SIGINT and SIGTERM leave the
group, with one last change that revokes everything, and end with 0.

Examples:
  muster join archive --topic orders
  muster join archive --topic orders --session-timeout 3s -- ./on-change.sh
  muster join archive --topic orders --json | while read -r change; do ...; done)"},
};

}  // namespace

std::string main_footer() {
  return R"(Environment:
  MUSTER_SERVER     servers to use when there is no --server

Exit codes:
   0  done
   1  the broker refused, or there is no such thing
   2  no broker could be reached
   3  no answer in time; a change may have happened all the same
   4  what answered is no muster broker
   5  the command that `join` runs failed
   6  the broker ended the membership of `join`
   N  of `agent run` and `guard`: what their command ended with
  64  the command line is wrong
  74  the output could not be written
  75  `guard` did not let its command run, or stopped it

Examples:
  muster topics create orders --partitions 64
  muster groups describe archive
  muster groups why archive
  muster events --follow
  muster --server broker-1:7400,broker-2:7400 groups list --json

`muster COMMAND --help` says more about a command.)";
}

std::string footer(std::string_view command) {
  const auto it = std::find_if(entries.begin(), entries.end(),
                               [&](const Entry& e) { return e.command == command; });
  return it == entries.end() ? std::string{} : std::string(it->text);
}

}  // namespace muster::cli
