import DataplaneModel
import LinuxDataplane
import Testing

@Suite struct HostProgramTests {
    @Test func aProgramIsGivenItsInputAndItsOutputsAreTold() throws {
        let path = try #require(HostProgram.path(of: "sh"))
        let script = "read line; echo \"got $line\"; echo bad >&2; exit 3"
        let outcome = try HostProgram.run(path, ["-c", script], input: "a line\nanother\n")
        #expect(outcome.status == 3)
        #expect(outcome.output == "got a line\n")
        #expect(outcome.errors == "bad\n")
        let unread = String(repeating: "x", count: 1 << 20)
        #expect(try HostProgram.run(path, ["-c", "kill -9 $$"], input: unread).status == 137)
        #expect(throws: DataplaneError.self) { try HostProgram.run("/nonexistent/program", []) }
        #expect(HostProgram.path(of: "nonexistent-program") == nil)
    }
}
