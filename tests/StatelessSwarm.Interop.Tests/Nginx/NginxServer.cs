using System.Net;
using System.Net.Sockets;
using StatelessSwarm.Testing.Networks;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.Interop.Tests.Nginx;

/// <summary>nginx (Debian: nginx-light) on a free loopback port, with a configuration and a directory of its own, serving one directory.</summary>
internal sealed class NginxServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _prefix;
    private LineProcess _process;

    private NginxServer(string prefix, int port, LineProcess process)
    {
        _prefix = prefix;
        Port = port;
        _process = process;
    }

    public int Port { get; }

    public Uri Url => new($"http://127.0.0.1:{Port}/");

    /// <summary>A line per answered request: its path, its range and the status.</summary>
    public IReadOnlyList<string> AccessLog => File.Exists(LogPath) ? File.ReadAllLines(LogPath) : [];

    private string LogPath => Path.Combine(_prefix, "access.log");

    /// <param name="directory">What to serve.</param>
    /// <param name="directives">More directives of the server block.</param>
    public static async Task<NginxServer> StartAsync(string directory, string directives = "")
    {
        var prefix = Directory.CreateTempSubdirectory("ss-nginx-").FullName;
        var port = FreePort.Take();
        Configure(prefix, port, directory, directives);
        var server = new NginxServer(prefix, port, Start(prefix));
        await server.WaitAsync();
        return server;
    }

    /// <summary>Ends it at once, transfers and all.</summary>
    public async Task KillAsync() => await _process.DisposeAsync();

    /// <summary>Starts it again on its port.</summary>
    public async Task RestartAsync()
    {
        _process = Start(_prefix);
        await WaitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Directory.Delete(_prefix, recursive: true);
    }

    private static void Configure(string prefix, int port, string directory, string directives) =>
        File.WriteAllText(
            Path.Combine(prefix, "nginx.conf"),
            $$"""
            daemon off;
            master_process off;
            pid nginx.pid;
            error_log stderr error;
            events { worker_connections 64; }
            http {
                log_format ranges '$uri $http_range $status';
                access_log access.log ranges;
                client_body_temp_path body;
                proxy_temp_path proxy;
                fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi;
                scgi_temp_path scgi;
                sendfile on;
                server {
                    listen 127.0.0.1:{{port}};
                    root {{directory}};
                    {{directives}}
                }
            }
            """
        );

    private static LineProcess Start(string prefix) =>
        LineProcess.StartForeign("/usr/sbin/nginx", "-p", prefix + "/", "-e", "stderr", "-c", "nginx.conf");

    private async Task WaitAsync()
    {
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, Port, limit.Token);
                return;
            }
            catch (SocketException fault) when (fault.SocketErrorCode == SocketError.ConnectionRefused)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
            }
            catch (OperationCanceledException fault)
            {
                throw new TimeoutException($"nginx does not listen; it wrote:\n{_process.Written}", fault);
            }
        }
    }
}
