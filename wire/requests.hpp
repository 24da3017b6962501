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
[[nodiscard]] At<fb::Register> build(Builder& b, const Register& m);
[[nodiscard]] At<fb::BeatInstance> build(Builder& b, const BeatInstance& m);
[[nodiscard]] At<fb::Report> build(Builder& b, const Report& m);
[[nodiscard]] At<fb::Deregister> build(Builder& b, const Deregister& m);
[[nodiscard]] At<fb::RegisterNode> build(Builder& b, const RegisterNode& m);
[[nodiscard]] At<fb::BeatNode> build(Builder& b, const BeatNode& m);
[[nodiscard]] At<fb::DeregisterNode> build(Builder& b, const DeregisterNode& m);
[[nodiscard]] At<fb::SetMaintenance> build(Builder& b, const SetMaintenance& m);
[[nodiscard]] At<fb::EndProtection> build(Builder& b, const EndProtection& m);

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
[[nodiscard]] Register read(Reader& r, const fb::Register& t);
[[nodiscard]] BeatInstance read(Reader& r, const fb::BeatInstance& t);
[[nodiscard]] Report read(Reader& r, const fb::Report& t);
[[nodiscard]] Deregister read(Reader& r, const fb::Deregister& t);
[[nodiscard]] RegisterNode read(Reader& r, const fb::RegisterNode& t);
[[nodiscard]] BeatNode read(Reader& r, const fb::BeatNode& t);
[[nodiscard]] DeregisterNode read(Reader& r, const fb::DeregisterNode& t);
[[nodiscard]] SetMaintenance read(Reader& r, const fb::SetMaintenance& t);
[[nodiscard]] EndProtection read(Reader& r, const fb::EndProtection& t);

}  // namespace muster::wire
