/* What the Swift importer needs to see of libnl and of the kernel's netlink headers. */
#ifndef FAIRLEAD_CNETLINK_SHIM_H
#define FAIRLEAD_CNETLINK_SHIM_H

#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <netlink/errno.h>
#include <netlink/genl/genl.h>
#include <netlink/genl/ctrl.h>
#include <linux/netlink.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <linux/if_link.h>
#include <linux/if_addr.h>
/* Not <linux/if.h>: it clashes with <net/if.h> of the C library. */
#include <linux/ip_vs.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

/* IFF_UP is in the header that clashes (see above). */
#define FAIRLEAD_IFF_UP 0x1u

#endif
