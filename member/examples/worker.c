/* A worker in C: joins a group, works on what it owns, commits, leaves on SIGINT or SIGTERM.
 *
 *   worker_c SERVER GROUP TOPIC
 */
#include <muster/muster.h>
#include <signal.h>
#include <stdio.h>

#define MOST_PARTITIONS 1024

static volatile sig_atomic_t stop = 0;
static void on_signal(int number) {
  (void)number;
  stop = 1;
}

static int fail(const muster_error* error) {
  fprintf(stderr, "%s\n", error->message);
  return 1;
}

int main(int argc, char** argv) {
  static int64_t next[MOST_PARTITIONS]; /* The next item of each partition; -1: not read yet. */
  muster_options options = MUSTER_OPTIONS_INIT;
  muster_member* member = NULL;
  muster_error error;
  size_t i;
  if (argc != 4) {
    fprintf(stderr, "usage: %s SERVER GROUP TOPIC\n", argv[0]);
    return 64;
  }
  signal(SIGINT, on_signal);
  signal(SIGTERM, on_signal);
  options.servers = (const char* const*)&argv[1];
  options.server_count = 1;
  options.group = argv[2];
  options.topics = (const char* const*)&argv[3];
  options.topic_count = 1;
  if (muster_join(&options, NULL, &member, &error) != MUSTER_OK) return fail(&error);

  while (!stop) {
    const muster_partition* mine = NULL;
    size_t count = 0;
    muster_polled polled = MUSTER_POLLED_TIMEOUT;
    if (muster_poll(member, 50, &polled, &error) != MUSTER_OK) return fail(&error);
    if (polled == MUSTER_POLLED_CHANGED)
      for (i = 0; i < MOST_PARTITIONS; ++i) next[i] = -1;
    if (muster_assignment(member, &mine, &count, &error) != MUSTER_OK) return fail(&error);
    for (i = 0; i < count; ++i) {
      const int32_t partition = mine[i].partition;
      if (partition >= MOST_PARTITIONS || !muster_ownership_valid(mine[i].ownership)) continue;
      if (next[partition] < 0) {
        muster_committed_offset committed;
        if (muster_committed(member, &mine[i].ownership, 1, &committed, 5000, &error) != MUSTER_OK)
          continue;
        next[partition] = committed.offset < 0 ? 0 : committed.offset;
      }
      printf("partition %d: item %lld under token %llu\n", (int)partition,
             (long long)next[partition], (unsigned long long)mine[i].token);
      fflush(stdout);
      {
        const muster_offset done = {mine[i].ownership, next[partition] + 1, NULL, -1};
        if (muster_commit(member, &done, 1, 5000, &error) == MUSTER_OK) ++next[partition];
      }
    }
  }
  if (muster_leave(member, 5000, &error) != MUSTER_OK) fail(&error);
  muster_close(member);
  return 0;
}
