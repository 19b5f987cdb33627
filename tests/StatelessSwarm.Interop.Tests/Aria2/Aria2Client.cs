using System.Globalization;
using StatelessSwarm.Interop.Tests.Clients;

namespace StatelessSwarm.Interop.Tests.Aria2;

/// <summary>
/// aria2 (Debian: aria2). Up to 1.36 it leaves out the empty keys of a file tree when it hashes the info dictionary, and so takes part
/// in no hybrid torrent (aria2 issue 1903).
/// </summary>
internal sealed class Aria2Client(PeerProgramOptions options) : PeerProgram(options, Prepare)
{
    private const string CompleteMark = "every piece is there";

    /// <inheritdoc/>
    protected override bool IsReadyLine(string line) => Holds(line, "listening on TCP port");

    /// <inheritdoc/>
    protected override bool IsCompleteLine(string line) => line == CompleteMark;

    // Every end of a connection is an exception to aria2, and "banned" follows each: the reasons tell.
    /// <inheritdoc/>
    protected override bool IsComplaint(string line) =>
        !Holds(line, "GnuTLS")
        && Holds(
            line,
            "we got wrong piece",
            "Checksum error",
            "Flooding detected",
            "Invalid",
            "Malformed",
            "mismatch",
            "Unknown info hash",
            "Max payload length exceeded",
            "payload size for",
            "Unexpected payload",
            "is too big"
        );

    private static IReadOnlyList<string> Prepare(PeerProgramOptions options)
    {
        var hook = Path.Combine(options.HomeDirectory, "complete");
        File.WriteAllText(hook, $"#!/bin/sh\necho '{CompleteMark}'\n");
        File.SetUnixFileMode(hook, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return options.CommandFor(
            "aria2c",
            "--no-conf",
            "--quiet",
            "--log=-",
            "--log-level=debug",
            "--disable-ipv6",
            "--enable-dht=false",
            "--bt-enable-lpd=false",
            "--enable-peer-exchange=false",
            "--bt-tracker-interval=2",
            string.Create(CultureInfo.InvariantCulture, $"--interface={options.EndPoint.Address}"),
            string.Create(CultureInfo.InvariantCulture, $"--listen-port={options.EndPoint.Port}"),
            "--seed-ratio=0.0",
            "--file-allocation=none",
            options.RequiresEncryption ? "--bt-force-encryption=true" : "--bt-require-crypto=false",
            options.IsSeed ? "--check-integrity=true" : "--check-integrity=false",
            $"--on-bt-download-complete={hook}",
            $"--dir={options.ContentDirectory}",
            options.Sample.TorrentPath
        );
    }
}
