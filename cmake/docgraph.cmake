# The application docgraph: what sees no torch; what learns lies in docgraph/models. One library is optional:
#   libspectra-dev   leading singular vectors for the sentence vectors `lsa`: headers alone, on Eigen
find_path(REGARD_SPECTRA_INCLUDE Spectra/SymEigsSolver.h)
regard_layer(docgraph FOLDERS docgraph LINK readers run graph PkgConfig::eigen3)
if(REGARD_SPECTRA_INCLUDE)
  target_include_directories(regard_docgraph SYSTEM PRIVATE "${REGARD_SPECTRA_INCLUDE}")
  target_compile_definitions(regard_docgraph PRIVATE REGARD_SPECTRA=1)
else()
  message(STATUS "Left out: sentence vectors lsa of regard docgraph, which takes hash in their place. Mend: `apt-get install libspectra-dev`, then configure again.")
endif()
