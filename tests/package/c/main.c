/* The same in C, found by pkg-config. */
#include <muster/muster.h>

#include <stdio.h>

int main(void) {
  const char* servers[] = {"no port"};
  const char* topics[] = {"t"};
  muster_options options = MUSTER_OPTIONS_INIT;
  muster_member* member = NULL;
  muster_error error;
  options.servers = servers;
  options.server_count = 1;
  options.group = "g";
  options.topics = topics;
  options.topic_count = 1;
  if (muster_join(&options, NULL, &member, &error) != MUSTER_INVALID_REQUEST) return 1;
  printf("libmuster %s: %s\n", muster_version(), error.message);
  return 0;
}
