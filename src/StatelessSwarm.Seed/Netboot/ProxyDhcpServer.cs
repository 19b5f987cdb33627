using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace StatelessSwarm.Seed.Netboot;

/// <summary>
/// <see cref="ProxyDhcp"/> on the ports where clients ask: 67 by broadcast, beside the site's DHCP server; 4011 for firmware that asks a boot
/// server. Answers leave by the interface the question came in by.
/// </summary>
internal sealed partial class ProxyDhcpServer : IAsyncDisposable
{
    private const int DhcpPort = 67;
    private const int ClientPort = 68;
    private const int BootServerPort = 4011;

    private readonly ProxyDhcp _proxy;
    private readonly Socket[] _sockets;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loops;

    private ProxyDhcpServer(NetbootOptions options, Socket[] sockets, ILogger logger)
    {
        _proxy = new ProxyDhcp(options);
        _sockets = sockets;
        _logger = logger;
        _loops = Task.WhenAll(sockets.Select(ServeAsync));
    }

    /// <summary>Starts it. Needs the right to bind ports below 1024.</summary>
    /// <exception cref="IOException">A port cannot be bound.</exception>
    public static ProxyDhcpServer Start(NetbootOptions options, ILogger logger)
    {
        var sockets = new List<Socket>();
        try
        {
            foreach (var port in (ReadOnlySpan<int>)[DhcpPort, BootServerPort])
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { EnableBroadcast = true };
                sockets.Add(socket);
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
                socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.PacketInformation, true);
                try
                {
                    socket.Bind(new IPEndPoint(IPAddress.Any, port));
                }
                catch (SocketException fault)
                {
                    throw new IOException($"UDP port {port} (proxy DHCP): {fault.Message}", fault);
                }
            }
        }
        catch
        {
            sockets.ForEach(socket => socket.Dispose());
            throw;
        }
        return new ProxyDhcpServer(options, [.. sockets], logger);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var socket in _sockets)
            socket.Dispose();
        await _loops;
        _stop.Dispose();
    }

    private async Task ServeAsync(Socket socket)
    {
        var isBootServer = ((IPEndPoint)socket.LocalEndPoint!).Port == BootServerPort;
        var buffer = new byte[DhcpMessage.MaxBytes];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var received = await socket.ReceiveMessageFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
                if (DhcpMessage.TryRead(buffer.AsSpan(0, received.ReceivedBytes)) is not { } message || !ProxyDhcp.Concerns(message, isBootServer) || AddressOn(received.PacketInformation.Interface) is not { } self)
                    continue;
                if (_proxy.Answer(message, self, isBootServer) is not { } answer)
                    continue;
                var target =
                    !message.Relay.Equals(IPAddress.Any) ? new IPEndPoint(message.Relay, DhcpPort)
                    : isBootServer ? (IPEndPoint)received.RemoteEndPoint
                    : new IPEndPoint(IPAddress.Broadcast, ClientPort);
                LogAnswer(_logger, target, answer.File);
                await SendAsync(answer.Encode(), self, isBootServer ? BootServerPort : DhcpPort, target);
            }
            catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (Exception fault) when (fault is SocketException or ArgumentException or NetworkInformationException)
            {
                LogFault(_logger, fault.Message);
            }
        }
    }

    // a broadcast leaves by the interface of the address it is sent from
    private async Task SendAsync(byte[] bytes, IPAddress self, int port, IPEndPoint target)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { EnableBroadcast = true };
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(self, port));
        await socket.SendToAsync(bytes, SocketFlags.None, target, _stop.Token);
    }

    private static IPAddress? AddressOn(int interfaceIndex) =>
        NetworkInterface
            .GetAllNetworkInterfaces()
            .Select(one => one.GetIPProperties())
            .Where(one => one.GetIPv4Properties() is { } properties && properties.Index == interfaceIndex)
            .SelectMany(one => one.UnicastAddresses)
            .Select(one => one.Address)
            .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork);

    [LoggerMessage(Level = LogLevel.Information, Message = "proxy DHCP {Target}: {File}")]
    private static partial void LogAnswer(ILogger logger, IPEndPoint target, string file);

    [LoggerMessage(Level = LogLevel.Warning, Message = "proxy DHCP: {Reason}")]
    private static partial void LogFault(ILogger logger, string reason);
}
