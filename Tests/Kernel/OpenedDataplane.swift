import DataplaneModel
import LinuxDataplane

/// The dataplane of the network namespace that it was opened in, to be shared by the parts of a test.
final class OpenedDataplane {
    private var dataplane: LinuxDataplane

    init(_ stateDirectory: String) throws {
        dataplane = try LinuxDataplane(device: "kube-ipvs0", stateDirectory: stateDirectory)
    }

    func apply(_ operations: [Operation]) -> [OperationFailure] {
        dataplane.apply(Plan(operations))
    }

    func observe() throws -> IPVSState { try dataplane.observe() }

    func observe(_ set: AddressSet) throws -> [SetMember: UInt32]? { try dataplane.observe(set) }
}
