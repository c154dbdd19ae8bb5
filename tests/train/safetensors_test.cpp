// Tensors to a file and back, the bytes of the file, and what happens on a full disk.
#include "regard/train/safetensors.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "toy.hpp"

namespace regard::train {
namespace {

TEST(Safetensors, EveryDtypeComesBack) {
  const TemporaryFolder folder;
  NamedTensors tensors;
  for (const auto type :
       {torch::kFloat64, torch::kFloat32, torch::kFloat16, torch::kBFloat16, torch::kInt64,
        torch::kInt32, torch::kInt16, torch::kInt8, torch::kUInt8, torch::kBool}) {
    tensors.emplace_back(c10::toString(type), normal({3, 5}, 4).mul(50).abs().to(type));
  }
  tensors.emplace_back("scalar", torch::full({}, 2.5));
  tensors.emplace_back("empty", torch::zeros({0, 4}));
  tensors.emplace_back("transposed", normal({4, 2}, 5).t());
  save_safetensors(folder.path() / "a", tensors, {{"note", "naïve \"quoted\""}});
  const auto file = load_safetensors(folder.path() / "a");
  ASSERT_EQ(file.tensors.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    const auto& came = file.tensors.at(name);
    EXPECT_EQ(came.scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(torch::equal(came, tensor)) << name;
  }
  EXPECT_EQ(file.metadata.at("note"), "naïve \"quoted\"");
  EXPECT_EQ(run::read_arrays(folder.path() / "a").metadata.at("note"), "naïve \"quoted\"");
}

TEST(Safetensors, BytesAreThoseOfTheFormat) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a";
  const auto b = torch::tensor(std::vector<int64_t>{1, 2}, torch::kUInt8);
  save_safetensors(path, {{"b", b}, {"a", torch::tensor(1.0f)}}, {});
  const std::string json = R"({"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
                           R"("b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}})";
  std::string expected = json + std::string((8 - json.size() % 8) % 8, ' ');
  std::string length(8, '\0');
  length[0] = static_cast<char>(expected.size());
  expected = length + expected + std::string("\0\0\x80\x3f\1\2", 6);
  EXPECT_EQ(read_file(path), expected);
  save_safetensors(path, {{"a", torch::tensor(1.0f)}, {"b", b}}, {});
  EXPECT_EQ(read_file(path), expected) << "the order of the list decided the bytes";
}

TEST(Safetensors, DamagedFilesAreInputErrorsWithThePath) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "weights";
  save_safetensors(path, {{"w", torch::ones({10})}}, {});
  const std::string whole = read_file(path);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::ofstream(path, std::ios::binary | std::ios::trunc).write(whole.data(), size);
    try {
      load_safetensors(path);
      FAIL() << "cut to " << size << " bytes and read without an error";
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("weights"), std::string::npos);
    }
  }
  EXPECT_THROW(load_safetensors(folder.path()), InputError);
  EXPECT_THROW(load_safetensors(folder.path() / "absent"), InputError);
}

/// Makes the disk look full: a file may have at most `bytes`, and more is an error instead of a
/// signal.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST(Safetensors, FullDiskKeepsTheFileBefore) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "weights";
  save_safetensors(path, {{"w", torch::ones({10})}}, {});
  const std::string before = read_file(path);
  {
    const FullDisk full(64 * 1024);
    EXPECT_THROW(save_safetensors(path, {{"w", torch::ones({100'000})}}, {}), RunError);
  }
  EXPECT_EQ(read_file(path), before);
  const auto files = std::distance(std::filesystem::directory_iterator(folder.path()),
                                   std::filesystem::directory_iterator());
  EXPECT_EQ(files, 1) << "a temporary file was left behind";
}

}  // namespace
}  // namespace regard::train
