/* What the Swift importer needs to see of libipset. */
#ifndef FAIRLEAD_CIPSET_SHIM_H
#define FAIRLEAD_CIPSET_SHIM_H

#include <libipset/ipset.h>
#include <libipset/session.h>
#include <libipset/types.h>
#include <libipset/data.h>

#endif
