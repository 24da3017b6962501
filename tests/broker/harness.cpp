#include "harness.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <future>
#include <sstream>
#include <thread>

namespace muster::broker {

using namespace std::chrono_literals;

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

// GateStore
// -------------------------------------------------------------------------------------------

void GateStore::read_events(ShardIndex shard, std::uint64_t from, const store::TakeEvent& take) {
  std::uint64_t count = 0;
  inner_->read_events(shard, from, [&](auto event) {
    ++count;
    return take(std::move(event));
  });
  longest_read = std::max(longest_read.load(), count);
}

Result<void> GateStore::append(std::span<const store::Batch> batches) {
  std::unique_lock lock(mutex_);
  waits_ = !open_;
  changed_.wait(lock, [this] { return open_ || failing_; });
  waits_ = false;
  if (failing_) return Errc::store_failed;
  ++appends;
  return inner_->append(batches);
}

Result<void> GateStore::backup(const std::string& path) {
  backups.push_back(path);
  return {};
}

void GateStore::close_gate() {
  const std::lock_guard lock(mutex_);
  open_ = false;
}

void GateStore::open_gate() {
  const std::lock_guard lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

void GateStore::fail() {
  const std::lock_guard lock(mutex_);
  failing_ = true;
  changed_.notify_all();
}

bool GateStore::somebody_waits() const {
  const std::lock_guard lock(mutex_);
  return waits_;
}

// FakePeer
// --------------------------------------------------------------------------------------------

void FakePeer::answer(std::uint64_t correlation, const ReplyBody& body) {
  Told told{.correlation = correlation, .reply = body, .push = {}, .published = {}};
  for (const auto& view : host_.views()) told.published.push_back(view->revision);
  const std::lock_guard lock(mutex_);
  told_.push_back(std::move(told));
}

bool FakePeer::push(const PushBody& body) {
  if (!reads_) return false;
  const std::lock_guard lock(mutex_);
  told_.push_back({.correlation = 0, .reply = {}, .push = body, .published = {}});
  return true;
}

std::optional<ReplyBody> FakePeer::answer_to(std::uint64_t correlation) const {
  const std::lock_guard lock(mutex_);
  for (const Told& told : told_) {
    if (told.correlation == correlation && told.reply) return told.reply;
  }
  return std::nullopt;
}

ReplyBody FakePeer::wait_for(std::uint64_t correlation) const {
  const bool came = eventually([&] { return answer_to(correlation).has_value(); });
  EXPECT_TRUE(came) << "no answer to " << correlation;
  return came ? *answer_to(correlation) : ReplyBody{};
}

std::vector<FakePeer::Told> FakePeer::told() const {
  const std::lock_guard lock(mutex_);
  return told_;
}

std::vector<Step> FakePeer::steps() const {
  std::vector<Step> out;
  for (const Told& told : this->told()) {
    if (!told.push) continue;
    if (const auto* const step = std::get_if<Step>(&*told.push)) out.push_back(*step);
  }
  return out;
}

bool FakePeer::gets_work(std::size_t partitions) const {
  return eventually([&] {
    const auto all = steps();
    std::size_t count = 0;
    if (!all.empty()) {
      for (const auto& owned : all.back().assigned) count += owned.partitions.size();
    }
    return !all.empty() && count == partitions;
  });
}

// TestHost
// --------------------------------------------------------------------------------------------

TestHost::TestHost(Setup setup)
    : store(setup.store ? setup.store : std::make_shared<GateStore>(setup.shards)) {
  setup.options.threads = setup.threads;
  setup.options.on_store_failure = [this](const std::string&) { ++failures; };
  host = std::make_unique<Host>(setup.options, clock, *store);
  if (setup.before_start) setup.before_start(*this);
  host->start();
}

TestHost::~TestHost() {
  store->open_gate();
  host->stop();
}

Connection TestHost::connect(std::uint32_t loop) {
  Connection connection{loop, 0, std::make_shared<FakePeer>(*host)};
  on_loop(loop, [&] { connection.id = host->attach(loop, connection.peer); });
  return connection;
}

void TestHost::disconnect(const Connection& connection) {
  on_loop(connection.loop, [&] { host->detach(connection.loop, connection.id); });
}

void TestHost::on_loop(std::uint32_t loop, const std::function<void()>& f) {
  std::promise<void> done;
  boost::asio::post(host->loop(loop), [&] {
    f();
    done.set_value();
  });
  done.get_future().wait();
}

std::uint64_t TestHost::submit(const Connection& from, Request request) {
  const std::uint64_t correlation = ++last_correlation_;
  on_loop(from.loop, [&] {
    host->submit(from.loop, from.id, correlation, std::move(request), core::Principal{{}, address});
  });
  return correlation;
}

JoinOk TestHost::join(const Connection& from, const std::string& group, const std::string& member,
                      const std::string& topic) {
  Join join;
  join.group = GroupId{group};
  join.member = MemberId{member};
  join.topics = {TopicName{topic}};
  join.session_timeout = Millis{3'000};
  return ask<JoinOk>(from, std::move(join));
}

TopicChanged TestHost::create_topic(const Connection& from, const std::string& topic,
                                    int partitions) {
  return ask<TopicChanged>(from, CreateTopic{TopicName{topic}, partitions});
}

void TestHost::turns(std::uint32_t thread, int count) {
  for (int i = 0; i < count; ++i) {
    std::promise<void> done;
    host->changed(thread, 0, 0, [&] { done.set_value(); });  // called at the end of a turn
    done.get_future().wait();
  }
}

std::string TestHost::group_of(ShardIndex shard) const {
  for (int i = 0;; ++i) {
    const std::string name = "group-" + std::to_string(i);
    if (core::shard_of(name, host->shards()) == shard) return name;
  }
}

std::uint64_t TestHost::metric(const std::string& name) const {
  std::istringstream text(host->metrics());
  std::uint64_t sum = 0;
  for (std::string line; std::getline(text, line);) {
    const std::string word = line.substr(0, line.find_first_of("{ "));
    if (word == name) sum += std::stoull(line.substr(line.rfind(' ') + 1));
  }
  return sum;
}

bool TestHost::has_member(const std::string& group, const std::string& member) const {
  const auto view = host->views()[core::shard_of(group, host->shards())];
  const auto* const found = view->groups.find(group);
  return found != nullptr && (*found)->members.find(member) != nullptr;
}

}  // namespace muster::broker
