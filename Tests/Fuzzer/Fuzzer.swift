import FuzzTargets
import Glibc
import SystemPackage

/// libFuzzer's own loop (`FuzzerInterface.h`): it answers an exit status, or ends the process.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ argumentCount: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// Reads inputs that libFuzzer makes: `Fuzzer` with the name of a target in `FAIRLEAD_FUZZ_TARGET`,
/// and libFuzzer's own options.
///
/// `Fuzzer --list` prints the targets, `Fuzzer --seeds DIRECTORY` writes their seeds there.
@main
enum Fuzzer {
    /// Set once, before there is a second thread.
    nonisolated(unsafe) static var target = FuzzTarget.all[0]

    static func main() throws {
        let arguments = CommandLine.arguments
        if arguments.contains("--list") { return FuzzTarget.all.forEach { print($0) } }
        if arguments.count == 3, arguments[1] == "--seeds" { return try writeSeeds(arguments[2]) }
        let name = unsafe getenv("FAIRLEAD_FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
        guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
            fatalError("there is no target \"\(name)\"; --list prints them")
        }
        unsafe Self.target = target
        var count = CommandLine.argc
        var words = unsafe CommandLine.unsafeArgv
        exit(unsafe runDriver(&count, &words, readOneInput))
    }

    /// The directory must be there.
    private static func writeSeeds(_ directory: String) throws {
        for target in FuzzTarget.all {
            for (number, seed) in target.seeds.enumerated() {
                let path = FilePath(directory).appending("\(target)-\(number)")
                let file = try FileDescriptor.open(
                    path,
                    .writeOnly,
                    options: [.create, .truncate],
                    permissions: .ownerReadWrite
                )
                try file.closeAfter { _ = try file.writeAll(seed) }
            }
        }
    }
}

/// The name is libFuzzer's, which looks for it when it is linked.
@_cdecl("LLVMFuzzerTestOneInput")
func readOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    do throws(BrokenPromise) {
        let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
        try unsafe Fuzzer.target.read(input)
    } catch {
        fatalError("\(error)")
    }
    return 0
}
