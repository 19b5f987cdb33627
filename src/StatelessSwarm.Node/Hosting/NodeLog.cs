using Microsoft.Extensions.Logging;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Discovery;

namespace StatelessSwarm.Node.Hosting;

/// <summary>Every line the node logs. Event ids are stable.</summary>
internal static partial class NodeLog
{
    [LoggerMessage(1, LogLevel.Information, "ready: following {Channel} from {Server}, peers on port {Port}, node {NodeId}")]
    public static partial void Ready(ILogger logger, string channel, Uri server, int port, string nodeId);

    [LoggerMessage(2, LogLevel.Information, "release {Version} build {Build} {Digest}: fetching {Bytes} bytes")]
    public static partial void Fetching(ILogger logger, string version, long build, Sha256Digest digest, long bytes);

    [LoggerMessage(3, LogLevel.Information,
        "release {Version}: complete after {Seconds:0.0} s, disk {Disk} lan {Lan} wan {Wan} http {Http} bytes")]
    public static partial void Fetched(ILogger logger, string version, double seconds, long disk, long lan, long wan, long http);

    [LoggerMessage(4, LogLevel.Information, "release {Version} {Digest}: {Outcome}{Note}")]
    public static partial void Installed(ILogger logger, string version, Sha256Digest digest, string outcome, string note);

    [LoggerMessage(5, LogLevel.Warning, "update failed: {Line}; next try in {Seconds:0.0} s")]
    public static partial void UpdateFailed(ILogger logger, string line, double seconds);

    [LoggerMessage(6, LogLevel.Information, "release {Version}: given up, the channel moved on to {Newer}")]
    public static partial void Superseded(ILogger logger, string version, string newer);

    [LoggerMessage(7, LogLevel.Warning, "cannot serve release {Digest}: {Line}")]
    public static partial void CannotServe(ILogger logger, Sha256Digest digest, string line);

    [LoggerMessage(8, LogLevel.Warning, "cannot mount the current root: {Line}")]
    public static partial void CannotMount(ILogger logger, string line);

    [LoggerMessage(9, LogLevel.Information, "no neighbours by multicast: {Line}")]
    public static partial void NoMulticast(ILogger logger, string line);

    [LoggerMessage(10, LogLevel.Debug, "neighbour {Instance}: {Kind}")]
    public static partial void Neighbour(ILogger logger, ServiceEventKind kind, string instance);

    [LoggerMessage(11, LogLevel.Debug, "control socket: {Line}")]
    public static partial void ControlFault(ILogger logger, string line);

    [LoggerMessage(12, LogLevel.Warning, "peer {Host}: {Line}")]
    public static partial void PeerNotFound(ILogger logger, string host, string line);

    [LoggerMessage(13, LogLevel.Warning, "cleaning up: {Line}")]
    public static partial void CleanUpFailed(ILogger logger, string line);

    [LoggerMessage(14, LogLevel.Warning, "server not reachable ({Line}); going on with what is known and the neighbours")]
    public static partial void GoingOnAlone(ILogger logger, string line);

    [LoggerMessage(15, LogLevel.Warning, "{Path}: {Line}; starting with an empty one")]
    public static partial void RecordsLost(ILogger logger, string path, string line);

    [LoggerMessage(16, LogLevel.Information, "{Note}")]
    public static partial void NotMounted(ILogger logger, string note);

    [LoggerMessage(17, LogLevel.Debug, "peer {EndPoint} of {Torrent} found on the local network")]
    public static partial void LocalPeer(ILogger logger, System.Net.IPEndPoint endPoint, string torrent);

    [LoggerMessage(18, LogLevel.Information, "WAN hours in force: {Hours}")]
    public static partial void HoursChanged(ILogger logger, string hours);

    [LoggerMessage(19, LogLevel.Debug, "{Version}: chunk map, {Bytes} bytes")]
    public static partial void MapFetched(ILogger logger, string version, long bytes);

    [LoggerMessage(20, LogLevel.Warning, "{Version}: no chunk map ({Line}); all of it is fetched")]
    public static partial void NoMap(ILogger logger, string version, string line);

    [LoggerMessage(21, LogLevel.Warning, "release {Digest}: not indexed: {Line}")]
    public static partial void NotIndexed(ILogger logger, Sha256Digest digest, string line);

    [LoggerMessage(22, LogLevel.Information, "{Version}: {Bytes} bytes were here already, {Shared} of them shared; {Rotten} rotten chunk(s)")]
    public static partial void Reused(ILogger logger, string version, long bytes, long shared, int rotten);

    [LoggerMessage(23, LogLevel.Error, "release {Digest}: not blessed within {Seconds:0} s of its boot; restarting the machine")]
    public static partial void NotBlessed(ILogger logger, Sha256Digest digest, double seconds);

    [LoggerMessage(24, LogLevel.Debug, "neighbour {EndPoint}: its metadata is not taken: {Line}")]
    public static partial void NeighbourRefused(ILogger logger, System.Net.IPEndPoint endPoint, string line);

    [LoggerMessage(25, LogLevel.Information, "our certificate was renewed, and holds until {End:u}")]
    public static partial void IdentityRenewed(ILogger logger, DateTimeOffset end);

    [LoggerMessage(26, LogLevel.Warning, "our certificate ends at {End:u}, and is not renewed: {Line}")]
    public static partial void IdentityEnds(ILogger logger, DateTimeOffset end, string line);
}
