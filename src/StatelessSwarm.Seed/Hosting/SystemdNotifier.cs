using System.Net.Sockets;
using System.Text;

namespace StatelessSwarm.Seed.Hosting;

/// <summary>
/// Tells systemd how the service stands (sd_notify(3), <c>Type=notify</c>): one datagram to the socket that
/// <c>NOTIFY_SOCKET</c> names, '@' standing for the abstract name space. Does nothing when not run by systemd.
/// </summary>
internal sealed class SystemdNotifier
{
    private readonly string? _socketPath;

    /// <summary>Speaks to <paramref name="socketPath"/>, or to no one.</summary>
    public SystemdNotifier(string? socketPath) => _socketPath = string.IsNullOrEmpty(socketPath) ? null : socketPath;

    /// <summary>Sends a state such as <c>READY=1</c>; a service manager that has gone away is no fault of ours.</summary>
    public void Notify(string state)
    {
        if (_socketPath is null)
            return;
        try
        {
            var path = _socketPath[0] == '@' ? string.Concat("\0", _socketPath.AsSpan(1)) : _socketPath;
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            socket.Send(Encoding.UTF8.GetBytes(state));
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            // see summary
        }
    }
}
