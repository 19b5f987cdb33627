using System.Net;
using Microsoft.AspNetCore.Connections;

namespace StatelessSwarm.Seed.Access;

/// <summary>Bounds the connections of every client host: one that wants more than its share is closed before a byte is read. Thread safe.</summary>
internal sealed class ConnectionLimiter(int limit)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _open = [];

    /// <summary>Serves a connection, or aborts it.</summary>
    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var host = ClientAddress.HostOf((connection.RemoteEndPoint as IPEndPoint)?.Address);
        if (!TryEnter(host))
        {
            connection.Abort();
            return;
        }
        try
        {
            await next(connection);
        }
        finally
        {
            Leave(host);
        }
    }

    internal bool TryEnter(IPAddress host)
    {
        lock (_gate)
        {
            var count = _open.GetValueOrDefault(host);
            if (count >= limit)
                return false;
            _open[host] = count + 1;
            return true;
        }
    }

    internal void Leave(IPAddress host)
    {
        lock (_gate)
        {
            if (_open[host] == 1)
                _open.Remove(host);
            else
                _open[host]--;
        }
    }
}
