import Addressing
import DataplaneModel
import Netlink

/// Messages as kernels write them, by the numbers of their headers (`linux/netlink.h`,
/// `linux/ip_vs.h`, `linux/netfilter/ipset/ip_set.h`).
enum KernelReplySeeds {
    /// A message of some type with two attributes, and the end of a dump behind it.
    static let messages = bytes { writer in
        message(&writer, type: 0x20, flags: 2) { writer in
            writer.attribute(1, "eth0")
            writer.attribute(2, UInt32(7))
        }
        message(&writer, type: 3, flags: 2) { $0.raw(UInt32(0)) }
    }

    /// A refusal with the kernel's words.
    static let refusal = bytes { writer in
        message(&writer, type: 2, flags: 0x300) { writer in
            writer.raw(UInt32(bitPattern: -22))
            writer.zeros(16)
            writer.attribute(1, "Invalid scheduler")
        }
    }

    static let virtualServer = bytes { writer in
        genericHeader(&writer)
        writer.nest(1) { writer in
            writer.attribute(1, UInt16(2))
            writer.attribute(2, UInt16(6))
            address(&writer, type: 3)
            writer.attribute(4, networkOrder: 80)
            writer.attribute(6, "wrr")
            writer.attribute(7) { writer in
                writer.raw(UInt32(1))
                writer.raw(~UInt32(0))
            }
            writer.attribute(8, UInt32(300))
            writer.attribute(9, UInt32.max)
            statistics(&writer, type: 10)
            writer.attribute(11, "sip")
            statistics(&writer, type: 12)
        }
    }

    static let realServer = bytes { writer in
        genericHeader(&writer)
        writer.nest(2) { writer in
            address(&writer, type: 1)
            writer.attribute(2, networkOrder: 8080)
            for (type, value) in [(3, 0), (4, 1), (5, 100), (6, 50), (7, 3), (8, 2), (9, 1)] {
                writer.attribute(UInt16(type), UInt32(value))
            }
            statistics(&writer, type: 10)
            writer.attribute(11, UInt16(2))
            statistics(&writer, type: 12)
            writer.attribute(13, UInt8(1))
            writer.attribute(14, networkOrder: 6081)
            writer.attribute(15, UInt16(1))
        }
    }

    /// UDP from 10.0.0.1:1001 to 10.96.0.1:53, answered by 10.244.0.5:5353
    /// (`linux/netfilter/nfnetlink_conntrack.h`).
    static let flow = bytes { writer in
        writer.zeros(4)
        for (type, source, destination) in [
            (UInt16(1), (UInt32(0x0a00_0001), UInt16(1001)), (UInt32(0x0a60_0001), UInt16(53))),
            (2, (0x0af4_0005, 5353), (0x0a00_0001, 1001)),
        ] {
            writer.nest(type) { writer in
                writer.nest(1) { writer in
                    writer.attribute(1, source.0.bigEndian)
                    writer.attribute(2, destination.0.bigEndian)
                }
                writer.nest(2) { writer in
                    writer.attribute(1, UInt8(17))
                    writer.attribute(2, networkOrder: source.1)
                    writer.attribute(3, networkOrder: destination.1)
                }
            }
        }
        writer.attribute(12, UInt32(7).bigEndian)
    }

    /// Each with the number of its set in front.
    static let sets: [[UInt8]] = AddressSet.all.indices.map { index in
        [UInt8(index)]
            + bytes { writer in
                writer.attribute(2, AddressSet.all[index].name)
                writer.nest(8) { writer in
                    for family in AddressFamily.allCases { member(&writer, family) }
                }
            }
    }

    private static func member(_ writer: inout AttributeWriter, _ family: AddressFamily) {
        writer.nest(7) { writer in
            for type in [UInt16(1), 20] {
                writer.nest(type) { writer in
                    writer.attribute(family == .ipv4 ? 1 : 2) { writer in
                        for byte in 0..<UInt8(family.bits / 8) { writer.raw(byte) }
                    }
                }
            }
            writer.attribute(4, networkOrder: 80)
            writer.attribute(7, UInt8(6))
            writer.attribute(21, UInt8(24))
            writer.attribute(29) { writer in
                writer.raw(UInt32(0x4000))
                writer.raw(UInt32.max)
            }
        }
    }

    private static func bytes(_ write: (inout AttributeWriter) -> Void) -> [UInt8] {
        var writer = AttributeWriter()
        write(&writer)
        return writer.bytes
    }

    private static func message(
        _ writer: inout AttributeWriter,
        type: UInt16,
        flags: UInt16,
        _ payload: (inout AttributeWriter) -> Void
    ) {
        let content = bytes(payload)
        writer.raw(UInt32(16 + content.count))
        writer.raw(type)
        writer.raw(flags)
        writer.raw(UInt32(1))
        writer.raw(UInt32(0))
        for byte in content { writer.raw(byte) }
    }

    private static func genericHeader(_ writer: inout AttributeWriter) {
        writer.raw(UInt8(1))
        writer.raw(UInt8(1))
        writer.raw(UInt16(0))
    }

    private static func address(_ writer: inout AttributeWriter, type: UInt16) {
        writer.attribute(type) { writer in
            for byte in [UInt8(10), 96, 0, 80] { writer.raw(byte) }
            writer.zeros(12)
        }
    }

    private static func statistics(_ writer: inout AttributeWriter, type: UInt16) {
        writer.nest(type) { writer in
            for number in UInt16(1)...10 {
                writer.attribute(number) { writer in
                    writer.raw(UInt32(number))
                    writer.raw(UInt32(0))
                }
            }
        }
    }
}
