// Writes small .mat files of version 7.3 in the layout of data.matr.io: groups, numbers, text and
// references.
#pragma once

#include <hdf5.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace regard::battery {

class MatFile {
 public:
  explicit MatFile(const std::string& path)
      : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {
    if (file_ < 0) throw std::runtime_error("no file " + path);
  }
  ~MatFile() { H5Fclose(file_); }
  MatFile(const MatFile&) = delete;
  MatFile& operator=(const MatFile&) = delete;

  void group(const std::string& path) {
    H5Gclose(H5Gcreate2(file_, path.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  }
  /// A row vector of doubles, as MATLAB stores a 1 x n array: n x 1 in the file.
  void numbers(const std::string& path, const std::vector<double>& values) {
    write(path, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values.size(), values.data());
  }
  void text(const std::string& path, const std::string& text) {
    const std::vector<unsigned short> units(text.begin(), text.end());
    write(path, H5T_STD_U16LE, H5T_NATIVE_USHORT, units.size(), units.data());
  }
  void references(const std::string& path, const std::vector<std::string>& targets) {
    std::vector<hobj_ref_t> refs(targets.size());
    for (std::size_t i = 0; i < targets.size(); ++i)
      H5Rcreate(&refs[i], file_, targets[i].c_str(), H5R_OBJECT, -1);
    write(path, H5T_STD_REF_OBJ, H5T_STD_REF_OBJ, refs.size(), refs.data());
  }

 private:
  void write(const std::string& path, hid_t stored, hid_t given, std::size_t count,
             const void* data) {
    const hsize_t shape[2] = {count, 1};
    const auto space = H5Screate_simple(2, shape, nullptr);
    const auto set =
        H5Dcreate2(file_, path.c_str(), stored, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (set < 0 || H5Dwrite(set, given, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
      throw std::runtime_error("not written: " + path);
    H5Dclose(set);
    H5Sclose(space);
  }
  hid_t file_;
};

}  // namespace regard::battery
