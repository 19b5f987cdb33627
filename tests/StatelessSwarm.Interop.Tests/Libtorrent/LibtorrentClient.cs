using StatelessSwarm.Interop.Tests.Clients;
using StatelessSwarm.Testing;

namespace StatelessSwarm.Interop.Tests.Libtorrent;

/// <summary>libtorrent-rasterbar by its Python binding (Debian: python3-libtorrent). It takes one connection per IP address.</summary>
internal sealed class LibtorrentClient(PeerProgramOptions options) : PeerProgram(options, Prepare)
{
    /// <inheritdoc/>
    protected override bool IsReadyLine(string line) => IsSeed ? Holds(line, "seeding after") : line == "ready";

    /// <inheritdoc/>
    protected override bool IsCompleteLine(string line) => Holds(line, "seeding after");

    /// <inheritdoc/>
    protected override bool IsComplaint(string line) =>
        line.StartsWith("alert ", StringComparison.Ordinal)
        && Holds(line, "hash_failed", "peer_ban", "peer_error", "invalid", "protocol");

    private static IReadOnlyList<string> Prepare(PeerProgramOptions options) =>
        options.CommandFor(
            "/usr/bin/python3",
            [
                Path.Combine(RepositoryRoot.Path, "testbed", "peers", "lt_peer.py"),
                options.Sample.TorrentPath,
                options.ContentDirectory,
                "--errors",
                "--set",
                "enable_lsd=false",
                "--listen",
                $"{options.EndPoint.Address}",
                "--port",
                $"{options.EndPoint.Port}",
                // enc_policy::pe_disabled
                .. options.RefusesEncryption ? ["--set", "in_enc_policy=2", "--set", "out_enc_policy=2"] : Array.Empty<string>(),
                // enc_policy::pe_forced, enc_level::pe_rc4
                .. options.RequiresEncryption
                    ? ["--set", "in_enc_policy=0", "--set", "out_enc_policy=0", "--set", "allowed_enc_level=2"]
                    : Array.Empty<string>(),
                .. options.IdentityDirectory is { } identity ? ["--identity", identity] : Array.Empty<string>(),
                .. options.Peers.SelectMany(peer => (string[])["--peer", $"{peer}"]),
                .. options.IsSeed ? ["--seed"] : Array.Empty<string>(),
            ]
        );
}
