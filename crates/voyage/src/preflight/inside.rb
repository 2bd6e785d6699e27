# Asked in a pod of web that serves today, by the settings it has. Nothing is changed and no password is told.
# Each line of what it says: what was asked, what came of it, and where.
require "socket"
require "timeout"

def unset?(text)
  text.nil? || text.empty?
end

def try(store, host, port)
  return puts("#{store} unset") if unset?(host) || host.start_with?("/")
  Socket.tcp(host, port.to_i, connect_timeout: 5) {}
  puts "#{store} reached #{host}:#{port}"
rescue StandardError
  puts "#{store} unreached #{host}:#{port}"
end

def place(url, usual)
  scheme, rest = url.include?("://") ? url.split("://", 2) : ["", url]
  rest = rest[/\A[^\/?#]*/].split("@").last.to_s
  host, port = rest =~ /\A(.*):(\d+)\z/ ? [$1, $2] : [rest, nil]
  [host.delete("[]"), port || { "https" => 443, "http" => 80 }[scheme] || usual]
end

def quietly
  Timeout.timeout(10) { yield }
rescue Exception
  nil
end

database = ENV["DATABASE_URL"]
host, port = unset?(database) ? [ENV["DB_HOST"] || "localhost", ENV["DB_PORT"] || 5432] : place(database, 5432)
try "postgres", host, port
redis = ENV["REDIS_URL"]
unless unset?(redis) && !unset?(ENV["REDIS_SENTINELS"])
  host, port = unset?(redis) ? [ENV["REDIS_HOST"] || "localhost", ENV["REDIS_PORT"] || 6379] : place(redis, 6379)
  try "redis", host, port
end
if ENV["ES_ENABLED"] == "true"
  try "elasticsearch", *place("#{ENV["ES_HOST"] || "localhost"}:#{ENV["ES_PORT"] || 9200}", 9200)
end
if ENV["S3_ENABLED"] == "true"
  try "s3", *place(ENV["S3_ENDPOINT"] || "https://#{ENV["S3_HOSTNAME"] || "s3.amazonaws.com"}", 80)
end
try "smtp", ENV["SMTP_SERVER"], ENV["SMTP_PORT"] || 587 unless unset?(ENV["SMTP_SERVER"])

# NAME=PATH for each claim that this container mounts to write to.
ARGV.each do |mount|
  name, path = mount.split("=", 2)
  quietly do
    stat = File.stat(path)
    can = File.writable?(path) ? "writable" : "readonly"
    puts "volume #{can} #{name} #{path} #{stat.uid} #{stat.gid} #{(stat.mode & 0o777).to_s(8)} #{Process.euid}"
  end
end

# Gems as Mastodon has them; without its Gemfile, as the machine has them.
quietly { require "bundler/setup" }
version = quietly do
  require "pg"
  settings = { host: ENV["DB_HOST"] || "localhost", port: ENV["DB_PORT"] || 5432, user: ENV["DB_USER"] || "mastodon",
               password: ENV["DB_PASS"], dbname: ENV["DB_NAME"] || "mastodon_production", connect_timeout: 5 }
  connection = unset?(database) ? PG.connect(**settings.compact) : PG.connect(database)
  connection.server_version
end
puts "postgres-version #{version / 10_000}" if version
version = quietly do
  require "redis"
  settings = { host: ENV["REDIS_HOST"] || "localhost", port: (ENV["REDIS_PORT"] || 6379).to_i,
               username: ENV["REDIS_USER"], password: ENV["REDIS_PASSWORD"] }
  Redis.new(**(unset?(redis) ? settings.compact : { url: redis })).info("server")["redis_version"]
end
puts "redis-version #{version}" if version.to_s =~ /\A[\d.]+\z/
