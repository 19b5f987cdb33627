using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Discovery.Protocol;

namespace StatelessSwarm.Discovery.Links;

/// <summary>
/// The sockets in use. A socket that fails is closed and opened again after a growing pause; the others do not notice.
/// Used by the loop alone.
/// </summary>
internal sealed partial class LinkTable(
    LinkFilter filter,
    MulticastGroup group,
    ILinkProtocol protocol,
    ILogger logger,
    Action<IncomingPacket> received,
    Action<LinkSocket, SocketException> failed
)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(8);

    private readonly Dictionary<LinkKey, Entry> _entries = [];

    /// <summary>When a closed socket is to be opened again.</summary>
    public TimeSpan NextDue
    {
        get
        {
            var next = TimeSpan.MaxValue;
            foreach (var entry in _entries.Values)
            {
                if (entry.Socket is null && entry.RetryAt < next)
                    next = entry.RetryAt;
            }

            return next;
        }
    }

    /// <summary>Compares with the system's interfaces: takes new ones, drops those gone, notes changed addresses.</summary>
    public void Rescan(TimeSpan now)
    {
        List<LinkInterface> found;
        try
        {
            found = LinkInterface.Scan(filter);
        }
        catch (Exception fault) when (fault is NetworkInformationException or IOException or PlatformNotSupportedException)
        {
            LogScanFailed(group.Name, fault.Message);
            return;
        }

        foreach (var key in _entries.Keys.Except(found.Select(one => one.Key)).ToList())
        {
            _entries.Remove(key, out var gone);
            gone!.Socket?.Dispose();
            protocol.RemoveLink(key, now);
            LogGone(group.Name, gone.Name, key.Family);
        }

        foreach (var one in found)
        {
            if (!_entries.TryGetValue(one.Key, out var entry))
                _entries[one.Key] = entry = new Entry(one.Name, one.Network, now);
            entry.Network = one.Network;
            if (entry.Socket is not null)
                protocol.SetLink(one.Key, one.Network, now);
        }

        // Our own sockets share the port, too, so this can be seen only while there are none.
        if (_entries.Values.All(entry => entry.Socket is null))
            protocol.NotePort(LinkSocket.IsPortFree(group.Port));
        OpenDue(now);
    }

    /// <summary>Opens the sockets whose time has come.</summary>
    public void OpenDue(TimeSpan now)
    {
        foreach (var (key, entry) in _entries)
        {
            if (entry.Socket is not null || entry.RetryAt > now)
                continue;
            try
            {
                entry.Socket = LinkSocket.Open(key, group);
            }
            catch (SocketException fault)
            {
                Postpone(entry, now);
                LogFailed(group.Name, entry.Name, key.Family, fault.SocketErrorCode);
                continue;
            }

            _ = ReceiveAsync(entry.Socket);
            var isReopened = protocol.HasLink(key);
            protocol.SetLink(key, entry.Network, now);
            if (isReopened)
                protocol.RestartLink(key, now);
            LogJoined(group.Name, entry.Name, key.Family);
        }
    }

    /// <summary>Sends a packet; a full queue drops it, another fault closes the socket for a while.</summary>
    public async ValueTask SendAsync(OutgoingPacket packet, TimeSpan now, CancellationToken cancellation)
    {
        if (!_entries.TryGetValue(packet.Link, out var entry) || entry.Socket is null)
            return;
        try
        {
            await entry.Socket.SendAsync(packet, cancellation);
            entry.Pause = FirstPause;
        }
        catch (SocketException fault)
        {
            var isTransient =
                packet.Target is not null
                || fault.SocketErrorCode is SocketError.NoBufferSpaceAvailable or SocketError.WouldBlock;
            if (!isTransient)
                Close(entry.Socket, fault, now);
        }
    }

    /// <summary>Closes a socket that failed; a socket replaced meanwhile is left alone.</summary>
    public void Close(LinkSocket socket, SocketException fault, TimeSpan now)
    {
        if (!_entries.TryGetValue(socket.Key, out var entry) || entry.Socket != socket)
            return;
        socket.Dispose();
        entry.Socket = null;
        Postpone(entry, now);
        LogFailed(group.Name, entry.Name, socket.Key.Family, fault.SocketErrorCode);
    }

    /// <summary>Closes everything.</summary>
    public void CloseAll()
    {
        foreach (var entry in _entries.Values)
            entry.Socket?.Dispose();
        _entries.Clear();
    }

    private async Task ReceiveAsync(LinkSocket socket)
    {
        try
        {
            await socket.ReceiveAsync(received);
        }
        catch (SocketException fault)
        {
            failed(socket, fault);
        }
    }

    private static void Postpone(Entry entry, TimeSpan now)
    {
        entry.RetryAt = now + entry.Pause;
        entry.Pause = entry.Pause * 2 < LongestPause ? entry.Pause * 2 : LongestPause;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "{Protocol} joined {Interface} {Family}")]
    private partial void LogJoined(string protocol, string @interface, AddressFamily family);

    [LoggerMessage(EventId = 2, Level = LogLevel.Debug, Message = "{Protocol} left {Interface} {Family}")]
    private partial void LogGone(string protocol, string @interface, AddressFamily family);

    [LoggerMessage(EventId = 3, Level = LogLevel.Debug, Message = "{Protocol} socket on {Interface} {Family} failed: {Error}")]
    private partial void LogFailed(string protocol, string @interface, AddressFamily family, SocketError error);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "{Protocol} cannot list interfaces: {Fault}")]
    private partial void LogScanFailed(string protocol, string fault);

    private sealed class Entry(string name, LinkNetwork network, TimeSpan retryAt)
    {
        public string Name { get; } = name;

        public LinkNetwork Network { get; set; } = network;

        public LinkSocket? Socket { get; set; }

        public TimeSpan RetryAt { get; set; } = retryAt;

        public TimeSpan Pause { get; set; } = FirstPause;
    }
}
