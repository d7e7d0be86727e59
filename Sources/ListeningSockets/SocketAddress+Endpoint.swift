package import Addressing
package import NIOCore

extension SocketAddress {
    /// The address as the event loops have it.
    ///
    /// - Throws: never for an `IPAddress`, which has the 4 or 16 bytes that are asked for.
    package init(_ endpoint: SocketEndpoint) throws {
        var bytes = ByteBuffer()
        endpoint.address.forEachByte { bytes.writeInteger($0) }
        try self.init(packedIPAddress: bytes, port: Int(endpoint.port))
    }
}
