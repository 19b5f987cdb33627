using System.Globalization;
using StatelessSwarm.Interop.Tests.Clients;

namespace StatelessSwarm.Interop.Tests.Transmission;

/// <summary>
/// Transmission's daemon (Debian: transmission-daemon). Up to 3.00 it does not parse hybrid torrents; it never connects to a loopback
/// address that a tracker names, but is connected to.
/// </summary>
internal sealed class TransmissionClient(PeerProgramOptions options)
    : PeerProgram(options, Prepare, new KeyValuePair<string, string>("TR_DEBUG_FD", "2"))
{
    /// <inheritdoc/>
    protected override bool CreatesEmptyFiles => false;

    /// <inheritdoc/>
    protected override bool IsReadyLine(string line) => Holds(line, "Verification is done");

    /// <inheritdoc/>
    protected override bool IsCompleteLine(string line) => Holds(line, "to \"Complete\"");

    // "removing bad peer" is said of every connection that ends.
    /// <inheritdoc/>
    protected override bool IsComplaint(string line) =>
        Holds(
            line,
            "banned peer",
            "banning peer",
            "corrupt piece",
            "is corrupt",
            "corrupt handshake",
            "failed its checksum",
            "bad packet",
            "invalid block",
            "invalid request",
            "invalid value",
            "wrong hash"
        );

    private static IReadOnlyList<string> Prepare(PeerProgramOptions options)
    {
        var configuration = Directory.CreateDirectory(Path.Combine(options.HomeDirectory, "configuration")).FullName;
        var torrents = Directory.CreateDirectory(Path.Combine(options.HomeDirectory, "torrents")).FullName;
        File.WriteAllText(
            Path.Combine(configuration, "settings.json"),
            string.Create(
                CultureInfo.InvariantCulture,
                $$"""
                {
                  "bind-address-ipv4": "{{options.EndPoint.Address}}", "bind-address-ipv6": "::1", "peer-port": {{options.EndPoint.Port}},
                  "dht-enabled": false, "utp-enabled": false, "pex-enabled": false, "lpd-enabled": false,
                  "port-forwarding-enabled": false, "rpc-enabled": false, "encryption": {{(options.RequiresEncryption ? 2 : 0)}},
                  "cache-size-mb": 0, "preallocation": 0, "ratio-limit-enabled": false, "idle-seeding-limit-enabled": false,
                  "download-dir": "{{options.ContentDirectory}}", "rename-partial-files": false,
                  "watch-dir": "{{torrents}}", "watch-dir-enabled": true, "start-added-torrents": true,
                  "trash-original-torrent-files": false, "message-level": 3
                }
                """
            )
        );
        File.Copy(options.Sample.TorrentPath, Path.Combine(torrents, "sample.torrent"));
        return options.CommandFor("transmission-daemon", "--foreground", "--config-dir", configuration);
    }
}
