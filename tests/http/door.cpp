#include "door.hpp"

#include <boost/asio/post.hpp>

#include <future>

namespace muster::broker::http {

void TestDoor::on_loop(const std::function<void()>& f) const {
  std::promise<void> done;
  boost::asio::post(host->loop(0), [&] {
    f();
    done.set_value();
  });
  done.get_future().wait();
}

std::uint64_t TestDoor::submit(muster::Request request) {
  const std::uint64_t correlation = ++last_correlation_;
  on_loop([&] { host->submit(0, connection, correlation, std::move(request), {}); });
  return correlation;
}

void TestDoor::create_topic(const std::string& topic, int partitions) {
  (void)ask<TopicChanged>(CreateTopic{TopicName(std::string(topic)), partitions});
}

JoinOk TestDoor::join(const std::string& group, const std::string& member, const std::string& topic,
                      const std::string& address) {
  Join join;
  join.group = GroupId(std::string(group));
  join.member = MemberId(std::string(member));
  join.topics = {TopicName(std::string(topic))};
  join.client.address = address;
  join.client.client_id = "a-client";
  JoinOk ok = ask<JoinOk>(std::move(join));
  const ShardIndex shard = core::shard_of(group, host->shards());
  EXPECT_TRUE(eventually([&] {
    const auto view = host->view(shard);
    const auto* const found = view->groups.find(group);
    return found != nullptr && (*found)->members.find(std::string_view{member}) != nullptr;
  }));
  return ok;
}

std::uint64_t TestDoor::metric(const std::string& line) const {
  const std::string text = "\n" + host->metrics();
  const auto at = text.find("\n" + line + " ");
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + line.size() + 2));
}

}  // namespace muster::broker::http
