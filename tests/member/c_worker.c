/* The C header compiled as C, and a worker that goes once around. Driven by c_api_test.cpp. */
#include "c_worker.h"

#include <muster/muster.h>
#include <string.h>

struct seen {
  struct c_worker_result* result;
};

static void on_assigned(void* user, const muster_partition* list, size_t count) {
  struct c_worker_result* result = ((struct seen*)user)->result;
  if (count > 0) {
    strncpy(result->topic, list[0].topic, sizeof result->topic - 1);
    result->token = list[0].token;
  }
  result->assigned += (int)count;
}

static void on_revoked(void* user, const muster_partition* list, size_t count) {
  struct c_worker_result* result = ((struct seen*)user)->result;
  (void)list;
  result->revoked += (int)count;
}

static void on_done(void* user, const muster_error* error) {
  *(int*)user = error->code;
}

int c_worker_fails(const char* server, struct muster_error* error) {
  const char* servers[] = {server};
  muster_options options = MUSTER_OPTIONS_INIT;
  muster_member* member = NULL;
  options.servers = servers;
  options.server_count = 1;
  options.group = "g";
  options.connect_timeout_ms = 100;
  return muster_join(&options, NULL, &member, error);
}

int c_worker(const char* server, struct c_worker_result* result) {
  const char* servers[] = {server};
  const char* topics[] = {"t"};
  struct seen seen = {result};
  muster_options options = MUSTER_OPTIONS_INIT;
  muster_callbacks callbacks = MUSTER_CALLBACKS_INIT;
  muster_member* member = NULL;
  muster_ownership* kept = NULL;
  const muster_partition* mine = NULL;
  size_t count = 0;
  int async_code = -1;
  options.servers = servers;
  options.server_count = 1;
  options.group = "g";
  options.topics = topics;
  options.topic_count = 1;
  callbacks.user = &seen;
  callbacks.on_assigned = on_assigned;
  callbacks.on_revoked = on_revoked;
  if (muster_join(&options, &callbacks, &member, &result->error) != MUSTER_OK) return 1;
  while (result->assigned == 0)
    if (muster_poll(member, 10, NULL, &result->error) != MUSTER_OK) return 2;
  if (muster_assignment(member, &mine, &count, &result->error) != MUSTER_OK || count != 1) return 3;
  kept = muster_ownership_keep(mine[0].ownership);
  if (!muster_ownership_valid(kept)) return 4;
  {
    muster_offset offset = {kept, 42, "from C", -1};
    muster_committed_offset committed;
    const muster_ownership* asked = kept;
    if (muster_commit(member, &offset, 1, 10000, &result->error) != MUSTER_OK) return 5;
    if (muster_commit_async(member, &offset, 1, on_done, &async_code, NULL) != MUSTER_OK) return 6;
    while (async_code == -1)
      if (muster_poll(member, 10, NULL, &result->error) != MUSTER_OK) return 7;
    if (muster_committed(member, &asked, 1, &committed, 10000, &result->error) != MUSTER_OK)
      return 8;
    result->committed = committed.offset;
  }
  muster_wakeup(member);
  if (muster_leave(member, 10000, &result->error) != MUSTER_OK) return 9;
  result->valid_after_leave = muster_ownership_valid(kept);
  muster_close(member);
  muster_ownership_free(kept);
  return 0;
}
