using StatelessSwarm.Interop.Tests.Clients;

namespace StatelessSwarm.Interop.Tests.Rtorrent;

/// <summary>rtorrent (Debian: rtorrent) without a screen. It takes no torrent that names no tracker.</summary>
internal sealed class RtorrentClient(PeerProgramOptions options) : PeerProgram(options, Prepare)
{
    /// <inheritdoc/>
    protected override bool IsReadyLine(string line) => Holds(line, "download: Starting torrent");

    /// <inheritdoc/>
    protected override bool IsCompleteLine(string line) => Holds(line, "Confirming finished");

    // "Handshake dropped" is for peers it has no use for, such as a second seed; a network error for one that left meanwhile;
    // where it requires encryption, who does not encrypt is refused.
    /// <inheritdoc/>
    protected override bool IsComplaint(string line) =>
        (Holds(line, "Received error") && !Holds(line, "network", "unencrypted connection rejected"))
        || Holds(line, "hash check failed", "failed hash", "unwanted", "corrupt", "invalid", "Caught exception", "Could not create");

    private static IReadOnlyList<string> Prepare(PeerProgramOptions options)
    {
        var session = Directory.CreateDirectory(Path.Combine(options.HomeDirectory, "session")).FullName;
        var configuration = Path.Combine(options.HomeDirectory, "rtorrent.rc");
        File.WriteAllText(
            configuration,
            $"""
            network.bind_address.set = {options.EndPoint.Address}
            network.port_range.set = {options.EndPoint.Port}-{options.EndPoint.Port}
            network.port_random.set = no
            dht.mode.set = disable
            protocol.pex.set = no
            protocol.encryption.set = {(options.RequiresEncryption ? "require,require_RC4,allow_incoming,try_outgoing" : "allow_incoming")}
            trackers.use_udp.set = no
            session.path.set = {session}
            directory.default.set = {options.ContentDirectory}
            pieces.hash.on_completion.set = no
            system.daemon.set = true
            log.open_file = "log", "/dev/stdout"
            log.add_output = "info", "log"
            log.add_output = "torrent_info", "log"
            log.add_output = "connection_debug", "log"
            log.add_output = "peer_debug", "log"
            log.add_output = "protocol_network_errors", "log"
            log.add_output = "protocol_storage_errors", "log"
            log.add_output = "storage_info", "log"
            load.start_verbose = {options.Sample.TorrentPath}

            """
        );
        return options.CommandFor("rtorrent", "-n", "-o", $"import={configuration}");
    }
}
