#include "regard/battery/hdf5_file.hpp"

#include <hdf5.h>

#include "regard/base/error.hpp"

namespace regard::battery {

/// Closes any identifier: H5Oclose for objects, H5Fclose for files.
struct Hdf5Object::Handle {
  hid_t id;
  bool is_file;
  Handle(hid_t identifier, bool file) : id(identifier), is_file(file) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (id >= 0) is_file ? H5Fclose(id) : H5Oclose(id);
  }
};

namespace {

/// HDF5 prints its own stack of errors unless it is told not to.
struct Quiet {
  H5E_auto2_t function = nullptr;
  void* data = nullptr;
  Quiet() {
    H5Eget_auto2(H5E_DEFAULT, &function, &data);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~Quiet() { H5Eset_auto2(H5E_DEFAULT, function, data); }
};

/// The data space or type of a dataset, closed at the end of its scope.
class Scoped {
 public:
  Scoped(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Scoped() {
    if (id_ >= 0) close_(id_);
  }
  Scoped(const Scoped&) = delete;
  Scoped& operator=(const Scoped&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

std::size_t elements(hid_t dataset, const std::string& place) {
  const Scoped space(H5Dget_space(dataset), H5Sclose);
  const auto count = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
  if (count < 0) throw InputError(place + ": a dataset was expected, and this is none");
  return static_cast<std::size_t>(count);
}

void expect_class(hid_t dataset, H5T_class_t a, H5T_class_t b, const std::string& place,
                  const char* expected) {
  const Scoped type(H5Dget_type(dataset), H5Tclose);
  const auto kind = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
  if (kind != a && kind != b)
    throw InputError(place + ": " + expected + " were expected, and another type came");
}

}  // namespace

Hdf5Object Hdf5Object::open(const std::filesystem::path& path) {
  const Quiet quiet;
  if (!std::filesystem::is_regular_file(path)) throw InputError(path.string() + ": no such file");
  const auto file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0)
    throw InputError(
        path.string() +
        ": an HDF5 file was expected (.mat of version 7.3), and this is none, or it is "
        "cut off; in MATLAB, save(..., '-v7.3') writes one");
  Hdf5Object root;
  root.file_ = std::make_shared<Handle>(file, true);
  root.object_ = std::make_shared<Handle>(H5Oopen(file, "/", H5P_DEFAULT), false);
  root.place_ = path.string();
  root.is_root_ = true;
  return root;
}

bool Hdf5Object::has(const std::string& name) const {
  const Quiet quiet;
  return H5Lexists(object_->id, name.c_str(), H5P_DEFAULT) > 0;
}

Hdf5Object Hdf5Object::child(const std::string& name) const {
  const Quiet quiet;
  Hdf5Object found;
  found.file_ = file_;
  found.place_ = place_ + (is_root_ ? ", " : "/") + name;
  const auto id = has(name) ? H5Oopen(object_->id, name.c_str(), H5P_DEFAULT) : -1;
  if (id < 0) throw InputError(place_ + ": \"" + name + "\" was expected, and it is not there");
  found.object_ = std::make_shared<Handle>(id, false);
  return found;
}

std::size_t Hdf5Object::size() const {
  const Quiet quiet;
  return elements(object_->id, place_);
}

std::vector<Hdf5Object> Hdf5Object::references() const {
  const Quiet quiet;
  const auto count = elements(object_->id, place_);
  expect_class(object_->id, H5T_REFERENCE, H5T_REFERENCE, place_, "references");
  std::vector<hobj_ref_t> references(count);
  if (count > 0 &&
      H5Dread(object_->id, H5T_STD_REF_OBJ, H5S_ALL, H5S_ALL, H5P_DEFAULT, references.data()) < 0)
    throw InputError(place_ + ": the references cannot be read; the file is damaged");
  std::vector<Hdf5Object> objects;
  for (std::size_t i = 0; i < count; ++i) {
    Hdf5Object target;
    target.file_ = file_;
    target.place_ = place_ + "[" + std::to_string(i) + "]";
    const auto id = H5Rdereference2(object_->id, H5P_DEFAULT, H5R_OBJECT, &references[i]);
    if (id < 0)
      throw InputError(target.place_ + ": an object was expected, and the reference is empty");
    target.object_ = std::make_shared<Handle>(id, false);
    objects.push_back(target);
  }
  return objects;
}

std::vector<double> Hdf5Object::numbers() const {
  const Quiet quiet;
  // MATLAB writes an empty array as a dataset that holds its dimensions.
  if (H5Aexists(object_->id, "MATLAB_empty") > 0) return {};
  std::vector<double> values(elements(object_->id, place_));
  expect_class(object_->id, H5T_FLOAT, H5T_INTEGER, place_, "numbers");
  if (!values.empty() &&
      H5Dread(object_->id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
    throw InputError(place_ + ": the numbers cannot be read; the file is damaged");
  return values;
}

std::string Hdf5Object::text() const {
  std::string text;
  for (const double unit : numbers())
    text += unit > 0 && unit < 128 ? static_cast<char>(unit) : '?';
  return text;
}

}  // namespace regard::battery
