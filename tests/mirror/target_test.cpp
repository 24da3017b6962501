#include <kafka_target.hpp>

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>

namespace muster::wire {
namespace {

TEST(KafkaTarget, IsServersAndTopic) {
  const KafkaTarget target = parse_kafka_target("kafka://a:9092,[::1]:9093/events.v1");
  EXPECT_EQ(target.servers, "a:9092,[::1]:9093");
  EXPECT_EQ(target.topic, "events.v1");
}

TEST(KafkaTarget, AnythingElseIsRefused) {
  for (const char* const url :
       {"", "kafka://", "kafka:///t", "kafka://a/t", "kafka://a:/t", "kafka://a:x/t",
        "kafka://a:9092", "kafka://a:9092/", "kafka://a:9092/t/u", "kafka://a:9092/..",
        "http://a:9092/t", "kafka://a:9092,/t"})
    EXPECT_THROW((void)parse_kafka_target(url), std::runtime_error) << url;
}

TEST(KafkaProperty, SecretsAreRefusedWhereOthersCanReadThem) {
  EXPECT_EQ(parse_kafka_property("linger.ms = 5"), KafkaProperty("linger.ms", "5"));
  EXPECT_EQ(parse_kafka_property("a=b=c"), KafkaProperty("a", "b=c"));
  for (const char* const text : {"linger.ms", "=5", "sasl.password=x", "ssl.key.password=x",
                                 "ssl.key.pem=x", "sasl.oauthbearer.client.secret=x"})
    EXPECT_THROW((void)parse_kafka_property(text), std::runtime_error) << text;
}

TEST(KafkaProperty, AFileOfThemMayHoldSecretsIfOnlyItsOwnerReadsIt) {
  const std::string path = testing::TempDir() + "kafka_properties_" + std::to_string(getpid());
  std::ofstream(path) << "# the cluster's\n\nsasl.username=muster\nsasl.password=pass=word\n";
  ::chmod(path.c_str(), 0600);

  const auto read = read_kafka_properties(path);

  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[1], KafkaProperty("sasl.password", "pass=word"));
  ::chmod(path.c_str(), 0640);
  EXPECT_THROW((void)read_kafka_properties(path), std::runtime_error);
  ::chmod(path.c_str(), 0600);
  std::ofstream(path) << "hunter2\n";
  try {
    (void)read_kafka_properties(path);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string{error.what()}.find("hunter2"), std::string::npos) << error.what();
  }
  std::remove(path.c_str());
}

}  // namespace
}  // namespace muster::wire
