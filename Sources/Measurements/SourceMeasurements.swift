package import ServiceModel

extension SourceActivity {
    /// Writes what the watches of the API have done.
    package func write(to exposition: inout Exposition) {
        writeStates(&exposition)
        write(.gauge, "objects", "Objects that are known.", &exposition) { [([], $0.objects)] }
        write(.counter, "lists_total", "Lists that were asked for.", &exposition) {
            [([], $0.lists)]
        }
        write(.counter, "watches_total", "Watches that were asked for.", &exposition) {
            [([], $0.watches)]
        }
        write(.counter, "events_total", "Events of watches, by type.", &exposition) { collection in
            collection.events.sorted { $0.key < $1.key }.map { ([("type", $0.key)], $0.value) }
        }
        write(
            .counter,
            "failures_total",
            "Lists and watches that failed, by reason.",
            &exposition
        ) { collection in
            collection.failures.sorted { $0.key < $1.key }.map { ([("reason", $0.key)], $0.value) }
        }
        exposition.begin(
            MetricFamily(
                .gauge,
                "fairlead_api_seconds_since_contact",
                "Seconds since anything came from the API server."
            )
        )
        for collection in collections {
            guard let seconds = collection.secondsSinceContact else { continue }
            exposition.add(["resource": collection.resource], seconds)
        }
    }

    private func writeStates(_ exposition: inout Exposition) {
        exposition.begin(
            MetricFamily(
                .gauge,
                "fairlead_api_state",
                "1 for what the daemon is doing to follow a resource of the API."
            )
        )
        for collection in collections {
            for state in Collection.states {
                exposition.add(
                    ["resource": collection.resource, "state": state],
                    collection.state == state ? 1 : 0
                )
            }
        }
    }

    private func write(
        _ kind: MetricFamily.Kind,
        _ name: String,
        _ help: String,
        _ exposition: inout Exposition,
        _ series: (Collection) -> [(labels: [(String, String)], count: Int)]
    ) {
        exposition.begin(MetricFamily(kind, "fairlead_api_\(name)", help))
        for collection in collections {
            for (labels, count) in series(collection) {
                var written: Labels = ["resource": collection.resource]
                for (name, value) in labels { written.append(name, value) }
                exposition.add(written, count: count)
            }
        }
    }
}
