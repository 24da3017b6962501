#ifndef C_WORKER_H
#define C_WORKER_H

#include <muster/muster.h>

#ifdef __cplusplus
extern "C" {
#endif

struct c_worker_result {
  char topic[64];
  uint64_t token;
  int assigned;
  int revoked;
  int64_t committed;
  int valid_after_leave;
  muster_error error;
};

/* 0 if everything went as it should, else the number of the step that did not. */
int c_worker(const char* server, struct c_worker_result* result);
int c_worker_fails(const char* server, muster_error* error);

#ifdef __cplusplus
}
#endif
#endif
