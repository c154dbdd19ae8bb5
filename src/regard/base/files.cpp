#include "regard/base/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

#include "regard/base/error.hpp"

namespace regard {
namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) throw InputError(path.string() + ": no such file");
  if (fs::is_directory(status)) {
    throw InputError(path.string() + ": a file was expected, and this is a directory");
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) throw InputError(path.string() + ": cannot be read: " + std::strerror(errno));
  std::string content((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (in.bad()) throw InputError(path.string() + ": reading failed: " + std::strerror(errno));
  return content;
}

namespace {

class TemporaryFile {
 public:
  explicit TemporaryFile(const fs::path& target) : target_(target), path_(target) {
    path_ += ".tmp" + std::to_string(::getpid());
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor_ < 0) fail("cannot be created");
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!committed_) ::unlink(path_.c_str());
  }
  void write(const void* data, std::size_t size) {
    const char* at = static_cast<const char*>(data);
    while (size > 0) {
      const auto n = ::write(descriptor_, at, size);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail("cannot be written");
      at += n;
      size -= static_cast<std::size_t>(n);
    }
  }
  void commit() {
    if (::fsync(descriptor_) != 0) fail("cannot be synced");
    if (::close(std::exchange(descriptor_, -1)) != 0) fail("cannot be closed");
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail("cannot be renamed into place");
    committed_ = true;
    // The rename itself is durable only once its directory is synced.
    const auto folder = target_.parent_path();
    const int dir =
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0) {
      ::fsync(dir);
      ::close(dir);
    }
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw RunError(target_.string() + ": " + what + ": " + std::strerror(errno));
  }
  fs::path target_, path_;
  int descriptor_ = -1;
  bool committed_ = false;
};

}  // namespace

void write_atomically(const fs::path& path, const std::function<void(const Sink&)>& write) {
  TemporaryFile file(path);
  write([&](const void* data, std::size_t size) { file.write(data, size); });
  file.commit();
}

void write_atomically(const fs::path& path, std::string_view content) {
  write_atomically(path, [&](const Sink& sink) { sink(content.data(), content.size()); });
}

void make_directory(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error || !fs::is_directory(path)) {
    throw InputError(path.string() + ": this directory cannot be made: " +
                     (error ? error.message() : std::string("a file of that name is in the way")));
  }
}

}  // namespace regard
