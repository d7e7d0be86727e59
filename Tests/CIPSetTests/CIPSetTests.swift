import CIPSet
import Testing

@Suite struct CIPSetTests {
    @Test func theLibraryIsLinkedAndOpensASession() {
        ipset_load_types()
        let library = unsafe ipset_init()
        #expect(unsafe library != nil)
        if let library = unsafe library {
            #expect(unsafe ipset_session(library) != nil)
            unsafe ipset_fini(library)
        }
    }
}
