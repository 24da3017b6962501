#include "fake_kafka.hpp"

#include <utility>

namespace muster::broker::mirror {

class FakeKafka::Fake final : public Producer {
 public:
  Fake(FakeKafka& kafka, std::function<void()> wake) : kafka_(kafka) {
    const std::lock_guard lock(kafka_.mutex_);
    kafka_.unacknowledged_.clear();
    kafka_.failure_.clear();
    kafka_.wake_ = std::move(wake);
    ++kafka_.producers_;
  }
  ~Fake() override {
    const std::lock_guard lock(kafka_.mutex_);
    kafka_.wake_ = nullptr;
  }

  bool send(const Message& message, std::uint64_t cookie) override {
    const std::lock_guard lock(kafka_.mutex_);
    if (kafka_.unacknowledged_.size() >= kafka_.room_ || !kafka_.failure_.empty()) return false;
    kafka_.log_.push_back(message);
    kafka_.unacknowledged_.push_back(cookie);
    return true;
  }

  void poll(const std::function<void(std::uint64_t)>& delivered) override {
    std::vector<std::uint64_t> arrived;
    {
      const std::lock_guard lock(kafka_.mutex_);
      if (!kafka_.acknowledging_ || !kafka_.failure_.empty()) return;
      arrived.swap(kafka_.unacknowledged_);
      if (kafka_.stuck_ && !arrived.empty()) {
        kafka_.unacknowledged_.push_back(arrived.front());
        arrived.erase(arrived.begin());
      }
    }
    // Partitions answer in any order.
    for (std::size_t i = arrived.size(); i > 0; --i) delivered(arrived[i - 1]);
  }

  std::string failure() const override {
    const std::lock_guard lock(kafka_.mutex_);
    return kafka_.failure_;
  }
  std::string complaint() const override { return {}; }

 private:
  FakeKafka& kafka_;
};

MakeProducer FakeKafka::factory() {
  return
      [this](std::function<void()> wake) { return std::make_unique<Fake>(*this, std::move(wake)); };
}

void FakeKafka::set_room(std::size_t messages) {
  const std::lock_guard lock(mutex_);
  room_ = messages;
  if (wake_) wake_();
}

void FakeKafka::set_acknowledging(bool yes) {
  const std::lock_guard lock(mutex_);
  acknowledging_ = yes;
  if (wake_) wake_();
}

void FakeKafka::set_stuck(bool yes) {
  const std::lock_guard lock(mutex_);
  stuck_ = yes;
  if (wake_) wake_();
}

void FakeKafka::break_producer(const std::string& why) {
  const std::lock_guard lock(mutex_);
  failure_ = why;
  if (wake_) wake_();
}

std::vector<Message> FakeKafka::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

int FakeKafka::producers() const {
  const std::lock_guard lock(mutex_);
  return producers_;
}

}  // namespace muster::broker::mirror
