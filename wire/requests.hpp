/// Requests with a table, one `build` and one `read` each. Private to the codec.
#pragma once

#include "table.hpp"

namespace muster::wire {

[[nodiscard]] At<fb::Release> build(Builder& b, const Release& m);
[[nodiscard]] At<fb::Commit> build(Builder& b, const Commit& m);
[[nodiscard]] At<fb::Join> build(Builder& b, const Join& m);
[[nodiscard]] At<fb::Resume> build(Builder& b, const Resume& m);
[[nodiscard]] At<fb::Update> build(Builder& b, const Update& m);
[[nodiscard]] At<fb::Leave> build(Builder& b, const Leave& m);
[[nodiscard]] At<fb::CreateTopic> build(Builder& b, const CreateTopic& m);
[[nodiscard]] At<fb::GrowTopic> build(Builder& b, const GrowTopic& m);
[[nodiscard]] At<fb::DeleteTopic> build(Builder& b, const DeleteTopic& m);
[[nodiscard]] At<fb::AlterOffsets> build(Builder& b, const AlterOffsets& m);
[[nodiscard]] At<fb::DeleteGroup> build(Builder& b, const DeleteGroup& m);
[[nodiscard]] At<fb::ExpelMember> build(Builder& b, const ExpelMember& m);
[[nodiscard]] At<fb::AlterGroup> build(Builder& b, const AlterGroup& m);

[[nodiscard]] Release read(Reader& r, const fb::Release& t);
[[nodiscard]] Commit read(Reader& r, const fb::Commit& t);
[[nodiscard]] Join read(Reader& r, const fb::Join& t);
[[nodiscard]] Resume read(Reader& r, const fb::Resume& t);
[[nodiscard]] Update read(Reader& r, const fb::Update& t);
[[nodiscard]] Leave read(Reader& r, const fb::Leave& t);
[[nodiscard]] CreateTopic read(Reader& r, const fb::CreateTopic& t);
[[nodiscard]] GrowTopic read(Reader& r, const fb::GrowTopic& t);
[[nodiscard]] DeleteTopic read(Reader& r, const fb::DeleteTopic& t);
[[nodiscard]] AlterOffsets read(Reader& r, const fb::AlterOffsets& t);
[[nodiscard]] DeleteGroup read(Reader& r, const fb::DeleteGroup& t);
[[nodiscard]] ExpelMember read(Reader& r, const fb::ExpelMember& t);
[[nodiscard]] AlterGroup read(Reader& r, const fb::AlterGroup& t);

}  // namespace muster::wire
