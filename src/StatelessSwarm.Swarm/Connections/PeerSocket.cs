using System.Net;
using System.Net.Sockets;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>How a peer's TCP socket is set up, on both ends of a connection.</summary>
internal static class PeerSocket
{
    /// <summary>
    /// Bytes that may wait unsent in the kernel: 128 KiB. What is queued there can be neither cancelled nor overtaken, so HAVE, CANCEL and
    /// claims would arrive behind seconds of payload on a slow link.
    /// </summary>
    public const int UnsentLimit = 128 * 1024;

    /// <summary>The same on a connection that gives way to others: what waits there is sent whatever the queue of the link.</summary>
    private const int LowerEffortUnsentLimit = 16 * 1024;

    /// <summary>DSCP 1, lower effort (RFC 8622), in the place of the old type of service.</summary>
    private const int LowerEffort = 0x04;

    // netinet/in.h and linux/in6.h; .NET refuses or ignores the managed names of these two
    private const int Ipv4Level = 0;
    private const int Ipv4TypeOfService = 1;
    private const int Ipv6Level = 41;
    private const int Ipv6TrafficClass = 67;

    // linux/tcp.h; not among SocketOptionName
    private const int TcpNotSentLowWater = 25;

    // SOL_SOCKET and SO_RCVLOWAT of asm-generic/socket.h; .NET's names translate to other numbers
    private const int SocketLevel = 1;
    private const int ReceiveLowWater = 18;

    /// <summary>The socket counts as readable from so many bytes on (socket(7), SO_RCVLOWAT), or when it is closed.</summary>
    public static void SetReceiveLowWater(Socket socket, int bytes)
    {
        try
        {
            socket.SetRawSocketOption(SocketLevel, ReceiveLowWater, BitConverter.GetBytes(bytes));
        }
        catch (SocketException)
        {
            // More wake-ups, nothing else.
        }
    }

    /// <summary>Our end of a connected socket; IPv4 as such.</summary>
    public static IPAddress? LocalAddress(Socket socket)
    {
        var address = (socket.LocalEndPoint as IPEndPoint)?.Address;
        return address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
    }

    /// <summary>Sets the options; a kernel that lacks one is no fault.</summary>
    public static void Configure(Socket socket)
    {
        // Frames are gathered before they are sent: waiting for more only delays them.
        socket.NoDelay = true;
        SetUnsentLimit(socket, UnsentLimit);
    }

    /// <summary>Bytes that may wait unsent in the kernel, from now on.</summary>
    public static void SetUnsentLimit(Socket socket, int bytes) => TrySet(socket, (int)SocketOptionLevel.Tcp, TcpNotSentLowWater, bytes);

    /// <summary>
    /// The connection gives way to others: its packets say so to routers that look (RFC 8622), and little waits unsent. A socket of IPv6
    /// with an IPv4 peer wants both marks.
    /// </summary>
    public static void SetLowerEffort(Socket socket)
    {
        TrySet(socket, Ipv4Level, Ipv4TypeOfService, LowerEffort);
        if (socket.AddressFamily == AddressFamily.InterNetworkV6)
            TrySet(socket, Ipv6Level, Ipv6TrafficClass, LowerEffort);
        SetUnsentLimit(socket, LowerEffortUnsentLimit);
    }

    /// <summary>Takes <see cref="SetLowerEffort"/> back.</summary>
    public static void SetOrdinary(Socket socket)
    {
        TrySet(socket, Ipv4Level, Ipv4TypeOfService, 0);
        if (socket.AddressFamily == AddressFamily.InterNetworkV6)
            TrySet(socket, Ipv6Level, Ipv6TrafficClass, 0);
        SetUnsentLimit(socket, UnsentLimit);
    }

    private static void TrySet(Socket socket, int level, int name, int value)
    {
        try
        {
            socket.SetRawSocketOption(level, name, BitConverter.GetBytes(value));
        }
        catch (SocketException)
        {
            // Without it everything works, with more delay.
        }
    }
}
