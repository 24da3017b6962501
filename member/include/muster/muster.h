/**
 * libmuster for C and for every language that calls C: the same member as in member.hpp.
 *
 * Conventions
 *   - Handles are opaque. What takes options takes a struct whose first field is its own size: set
 * it with the _INIT macro, so that a later library can tell an older program.
 *   - Functions give MUSTER_OK (0) or an error number, the same as muster::Errc and as on the wire.
 * With a `muster_error` at hand they also say a sentence. No exception crosses this header.
 *   - Strings are UTF-8 and end with a zero byte. What the library hands out belongs to the
 * library, and lives as long as its function says.
 *
 * Threads   one muster_member is used by one thread at a time, except muster_wakeup, which any
 * thread may call. muster_ownership_valid: any thread. Fork      a member does not survive fork():
 * join in the child.
 */
#ifndef MUSTER_H
#define MUSTER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MUSTER_API __attribute__((visibility("default")))
#else
#define MUSTER_API
#endif

/* The numbers a worker meets most; errc.hpp has all. */
enum {
  MUSTER_OK = 0,
  MUSTER_INVALID_NAME = 6,
  MUSTER_OUT_OF_RANGE = 7,
  MUSTER_INVALID_REQUEST = 8,
  MUSTER_FENCED_MEMBER = 40,
  MUSTER_STALE_TOKEN = 42,
  MUSTER_GROUP_FULL = 44,
  MUSTER_OVERLOADED = 62,
  MUSTER_DEADLINE_PASSED = 65,
  MUSTER_CONNECTION_LOST = 66,
  MUSTER_INTERNAL = 65535 /* The library ran out of memory, threads or file descriptors. */
};

typedef struct muster_error {
  int code;
  char message[512]; /* Cut there if it is longer. */
} muster_error;

typedef struct muster_member muster_member;

/* One granted partition; see muster_ownership_keep for how long it lives. */
typedef struct muster_ownership muster_ownership;

/* A row of a list: what a muster_ownership says, ready to read. */
typedef struct muster_partition {
  const char* topic;
  int32_t partition;
  uint64_t token; /* Pass it on with every write to an outside system. */
  const muster_ownership* ownership;
} muster_partition;

/* Callbacks run inside muster_poll and muster_leave, on the caller's thread, but for on_lost_now.
 * `list` lives until the callback returns. */
typedef void (*muster_list_callback)(void* user, const muster_partition* list, size_t count);

typedef struct muster_callbacks {
  size_t size;
  void* user;
  muster_list_callback on_assigned;
  muster_list_callback on_revoked;  /* The partitions go to others once it returns. */
  muster_list_callback on_lost;     /* Too late: others may have them already. */
  muster_list_callback on_lost_now; /* The same at once, on the library's heartbeat thread. */
} muster_callbacks;
#define MUSTER_CALLBACKS_INIT {sizeof(muster_callbacks), NULL, NULL, NULL, NULL, NULL}

/* 0 or NULL takes the default that member.hpp names. */
typedef struct muster_options {
  size_t size;
  const char* const* servers; /* host:port each. */
  size_t server_count;
  const char* group;
  const char* const* topics;
  size_t topic_count;
  const char* instance_id;
  const char* client_id;
  const char* address;
  const char* zone;
  const char* assignor;
  uint32_t session_timeout_ms;
  uint32_t rebalance_timeout_ms;
  uint32_t max_poll_interval_ms;
  int32_t weight;             /* Below 0: the default, 1. 0 takes no work. */
  int32_t connect_timeout_ms; /* Below 0: the default. 0: do not wait for the join. */
} muster_options;
#define MUSTER_OPTIONS_INIT \
  {sizeof(muster_options), NULL, 0, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, -1, -1}

/* Version of the library, for example "0.1.0". */
MUSTER_API const char* muster_version(void);

/* Joins a group. `callbacks` may be NULL. On success *member is to be closed with muster_close. */
MUSTER_API int muster_join(const muster_options* options, const muster_callbacks* callbacks,
                           muster_member** member, muster_error* error);

typedef enum muster_polled {
  MUSTER_POLLED_TIMEOUT = 0, /* The time passed, nothing happened. */
  MUSTER_POLLED_CHANGED = 1, /* Callbacks ran. */
  MUSTER_POLLED_WOKEN = 2    /* muster_wakeup was called. */
} muster_polled;

/* Runs callbacks that are due; waits for the first as long as it may. `polled` may be NULL. */
MUSTER_API int muster_poll(muster_member* member, uint32_t timeout_ms, muster_polled* polled,
                           muster_error* error);

/* Makes the present or next muster_poll return at once. Any thread, but no signal handler. */
MUSTER_API void muster_wakeup(muster_member* member);

/* What the callbacks have told so far. The list lives until the next call with this member. */
MUSTER_API int muster_assignment(muster_member* member, const muster_partition** list,
                                 size_t* count, muster_error* error);

/* Whether the work may go on now: 1 or 0. Any thread; lock-free. */
MUSTER_API int muster_ownership_valid(const muster_ownership* ownership);
/* An ownership of its own, which outlives the list that it came from; free it. NULL if memory is
 * short. */
MUSTER_API muster_ownership* muster_ownership_keep(const muster_ownership* ownership);
MUSTER_API void muster_ownership_free(muster_ownership* ownership);

typedef struct muster_offset {
  const muster_ownership* ownership;
  int64_t offset;
  const char* metadata; /* NULL: none. */
  int32_t leader_epoch; /* -1: none. */
} muster_offset;

/* Commits offsets under their tokens, all or none, and waits for the answer. */
MUSTER_API int muster_commit(muster_member* member, const muster_offset* offsets, size_t count,
                             uint32_t timeout_ms, muster_error* error);

/* The same without waiting; `done` (may be NULL) runs in a later muster_poll or muster_leave.
 * `error` lives until it returns. */
typedef void (*muster_commit_callback)(void* user, const muster_error* error);
MUSTER_API int muster_commit_async(muster_member* member, const muster_offset* offsets,
                                   size_t count, muster_commit_callback done, void* user,
                                   muster_error* error);

typedef struct muster_committed_offset {
  int64_t offset;       /* -1: none is committed. */
  const char* metadata; /* Lives until the next muster_committed or muster_close of this member. */
  uint64_t token;       /* Of the grant that committed it; 0: an operator. */
  int64_t committed_at_ms;
} muster_committed_offset;

/* Reads committed offsets: out[i] of ownerships[i]. */
MUSTER_API int muster_committed(muster_member* member, const muster_ownership* const* ownerships,
                                size_t count, muster_committed_offset* out, uint32_t timeout_ms,
                                muster_error* error);

/* Gives everything up (on_revoked runs), leaves, and waits for the broker to know. */
MUSTER_API int muster_leave(muster_member* member, uint32_t timeout_ms, muster_error* error);

/* Leaves on a best-effort basis, without callbacks, and frees the member. NULL is ignored. */
MUSTER_API void muster_close(muster_member* member);

#ifdef __cplusplus
}
#endif
#endif
