#include "assign/assignor.hpp"
