using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using StatelessSwarm.Discovery.Protocol;

namespace StatelessSwarm.Discovery.Links;

/// <summary>
/// One UDP socket on the group's port, joined to it on one interface. The port is shared with other programs of the
/// host; our own multicasts come back, because others on this host want them.
/// </summary>
internal sealed class LinkSocket : IDisposable
{
    // linux/in.h, linux/in6.h, asm-generic/socket.h; each is an optimization or optional and may fail.
    private const int SolSocket = 1;
    private const int SoReusePort = 15;
    private const int IPProtocol = 0;
    private const int IPMulticastAll = 49;
    private const int IPv6Protocol = 41;
    private const int IPv6MulticastAll = 29;
    private const int ReceiveBufferLength = 256 * 1024;

    private readonly Socket _socket;
    private readonly MulticastGroup _protocol;
    private readonly IPEndPoint _group;
    private readonly CancellationTokenSource _closing = new();

    private LinkSocket(LinkKey key, Socket socket, MulticastGroup protocol, IPEndPoint group)
    {
        Key = key;
        _socket = socket;
        _protocol = protocol;
        _group = group;
    }

    /// <summary>The link it serves.</summary>
    public LinkKey Key { get; }

    /// <summary>Opens, binds and joins.</summary>
    /// <exception cref="SocketException">The interface is gone or not ready, or the port is held exclusively.</exception>
    public static LinkSocket Open(LinkKey key, MulticastGroup group)
    {
        var isV4 = key.Family == AddressFamily.InterNetwork;
        var socket = new Socket(key.Family, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            TrySetRaw(socket, SolSocket, SoReusePort, 1);
            socket.ReceiveBufferSize = ReceiveBufferLength;
            if (isV4)
                SetUpV4(socket, key.InterfaceIndex, group);
            else
                SetUpV6(socket, key.InterfaceIndex, group);
            var address = isV4 ? group.IPv4 : new IPAddress(group.IPv6.GetAddressBytes(), key.InterfaceIndex);
            return new LinkSocket(key, socket, group, new IPEndPoint(address, group.Port));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Whether no program of this machine, this one included, has the port of either family.</summary>
    public static bool IsPortFree(int port)
    {
        try
        {
            using var v4 = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            v4.Bind(new IPEndPoint(IPAddress.Any, port));
            if (!Socket.OSSupportsIPv6)
                return true;
            using var v6 = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
            v6.DualMode = false;
            v6.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Sends to the group, or to one host.</summary>
    public async ValueTask SendAsync(OutgoingPacket packet, CancellationToken cancellation) =>
        await _socket.SendToAsync(packet.Payload, SocketFlags.None, packet.Target ?? _group, cancellation);

    /// <summary>
    /// Receives until disposed or the socket fails; hands each packet on with the interface it really came in by, which for
    /// unicast may be another than this socket's. Multicast of other interfaces is dropped: their own sockets have it.
    /// </summary>
    /// <exception cref="SocketException">The socket failed.</exception>
    public async Task ReceiveAsync(Action<IncomingPacket> received)
    {
        var buffer = new byte[_protocol.MaxPacketLength + 1];
        var any = new IPEndPoint(_group.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        try
        {
            while (true)
            {
                var result = await _socket.ReceiveMessageFromAsync(buffer, SocketFlags.None, any, _closing.Token);
                var isMulticast = IsGroup(result.PacketInformation.Address);
                var index = result.PacketInformation.Interface;
                if (isMulticast && index != Key.InterfaceIndex)
                    continue;
                received(
                    new IncomingPacket(
                        Key with
                        {
                            InterfaceIndex = index,
                        },
                        (IPEndPoint)result.RemoteEndPoint,
                        isMulticast,
                        buffer.AsSpan(0, result.ReceivedBytes).ToArray()
                    )
                );
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // Disposed.
        }
        catch (ObjectDisposedException)
        {
            // Disposed.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _closing.Cancel();
        _socket.Dispose();
        _closing.Dispose();
    }

    private static void SetUpV4(Socket socket, int index, MulticastGroup group)
    {
        TrySetRaw(socket, IPProtocol, IPMulticastAll, 0);
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.PacketInformation, true);
        socket.Bind(new IPEndPoint(IPAddress.Any, group.Port));
        socket.SetSocketOption(
            SocketOptionLevel.IP,
            SocketOptionName.MulticastInterface,
            IPAddress.HostToNetworkOrder(index)
        );
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive, group.HopLimit);
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.IpTimeToLive, group.HopLimit);
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastLoopback, true);
        socket.SetSocketOption(
            SocketOptionLevel.IP,
            SocketOptionName.AddMembership,
            new MulticastOption(group.IPv4, index)
        );
    }

    private static void SetUpV6(Socket socket, int index, MulticastGroup group)
    {
        socket.DualMode = false;
        TrySetRaw(socket, IPv6Protocol, IPv6MulticastAll, 0);
        socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.PacketInformation, true);
        socket.Bind(new IPEndPoint(IPAddress.IPv6Any, group.Port));
        socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastInterface, index);
        socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastTimeToLive, group.HopLimit);
        socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.IpTimeToLive, group.HopLimit);
        socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastLoopback, true);
        socket.SetSocketOption(
            SocketOptionLevel.IPv6,
            SocketOptionName.AddMembership,
            new IPv6MulticastOption(group.IPv6, index)
        );
    }

    private bool IsGroup(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork
            ? address.Equals(_protocol.IPv4)
            : address.IsIPv6Multicast;

    private static void TrySetRaw(Socket socket, int level, int option, int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        if (BitConverter.IsLittleEndian)
            BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        else
            BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        try
        {
            socket.SetRawSocketOption(level, option, bytes);
        }
        catch (SocketException)
        {
            // An older kernel: packets of other interfaces are sorted out on arrival instead.
        }
    }
}
